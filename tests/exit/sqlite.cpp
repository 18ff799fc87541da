// A host whose static object owns a service on SQLite that it drives itself, until after `main`. It
// ends with 0 if nothing that the library needs to close the database has been destroyed by then.

#include <memory>
#include <webhooks/sqlite_storage.hpp>
#include <webhooks/testing/fake_transport.hpp>
#include <webhooks/webhooks.hpp>

namespace {

std::unique_ptr<webhooks::WebhookService> service;

}  // namespace

/// @param arguments the file of the database
int main(int /*count*/, char** arguments) {
    using namespace webhooks;
    service = std::make_unique<WebhookService>(
        WebhookService::open({.storage = make_sqlite_storage({.path = arguments[1]}).value(),
                              .transport = std::make_shared<testing::FakeTransport>()})
            .value());
    service->run_once().value();
}
