// A host whose static object opens a service on SQLite, without threads of its own, before `main`,
// when the static objects of a static library are not initialized yet, and destroys it after
// `main`, when those are destroyed. It ends with 0 if all this works.

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <memory>
#include <string>
#include <webhooks/testing/fake_transport.hpp>
#include <webhooks/webhooks.hpp>

namespace {

using namespace webhooks;

void expect(bool is_true, const char* what) {
    if (is_true) return;
    std::cerr << "failed: " << what << '\n';
    std::_Exit(1);
}

class Host {
public:
    Host() {
        std::string name = std::filesystem::temp_directory_path() / "webhooks-XXXXXX";
        expect(::mkdtemp(name.data()) != nullptr, "a folder");
        folder_ = name;
        Result<std::shared_ptr<Storage>> storage =
            make_sqlite_storage({.path = folder_ / "webhooks.db"});
        if (!storage) std::cerr << storage.error().to_string() << '\n';
        expect(storage.has_value(), "a storage before main");
        Result<WebhookService> opened =
            WebhookService::open({.storage = *storage, .transport = transport_});
        expect(opened.has_value(), "a service before main");
        service_ = std::make_unique<WebhookService>(*std::move(opened));
        publish();
    }
    ~Host() {
        publish();
        service_.reset();
        std::error_code ignored;
        std::filesystem::remove_all(folder_, ignored);
    }

private:
    void publish() {
        const Principal ann = Principal::user("ann");
        expect(!service_->publish(ann, {.event_type = "no.such", .payload = "{}"}), "an error");
        service_->register_event_type({.name = "a.b", .description = ""}).value();
        service_
            ->create_subscription(
                ann, {.name = "endpoint", .event_type = "a.b", .url = "https://host.example/"})
            .value();
        bool is_stored = false;
        service_->async_publish(ann, {.event_type = "a.b", .payload = "{}"},
                                [&](const auto& receipt) { is_stored = receipt.has_value(); });
        while (service_->run_once().value() > 0) {
        }
        expect(is_stored, "a publication");
        expect(service_->all_events(ann).value().items.front().is_success, "a delivery");
        expect(!service_->metrics().value().empty(), "metrics");
    }

    std::filesystem::path folder_;
    std::shared_ptr<testing::FakeTransport> transport_ = std::make_shared<testing::FakeTransport>();
    std::unique_ptr<WebhookService> service_;
};

Host host;

}  // namespace

int main() {}
