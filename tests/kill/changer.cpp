/// @file
/// A host that is killed while it changes subscriptions, API keys and event types: one change after
/// the other, each of which has a record in the audit log. It ends by itself after some of them.
/// usage: webhooks_kill_changer STORAGE SCHEMA COUNT_FILE RUN [MOMENT PASSING]
/// STORAGE is the URI of a PostgreSQL database, or the path of a file. COUNT_FILE gets a byte for
/// each change that was acknowledged.

#include <fcntl.h>
#include <unistd.h>

#include <cstdlib>
#include <functional>
#include <iostream>
#include <kill/kill_point.hpp>
#include <string>
#include <vector>
#include <webhooks/webhooks.hpp>

namespace webhooks::testing {
namespace {

constexpr const char* operation = "change";
/// So that a test that is killed itself leaves no process behind.
constexpr unsigned longest_life_in_seconds = 20;

std::shared_ptr<Storage> open_storage(const std::string& place, const std::string& schema) {
    if (!place.starts_with("postgresql:")) return make_sqlite_storage({.path = place}).value();
    const PostgresqlOptions options{.connection = Secret(place), .schema = schema};
    migrate_postgresql(options).value();
    return make_postgresql_storage(options).value();
}

class Changer {
public:
    Changer(std::shared_ptr<Storage> storage, const std::string& count_file, std::string run)
        : storage_(std::move(storage)),
          file_(::open(count_file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600)),
          run_(std::move(run)) {}
    Changer(const Changer&) = delete;
    Changer& operator=(const Changer&) = delete;
    ~Changer() { ::close(file_); }

    void make_changes(int number) {
        const std::string name = run_ + "-" + std::to_string(number);
        const Principal alice = Principal::user("alice");
        SubscriptionId subscription;
        ApiKeyId key;
        change([&] {
            subscription = storage_
                               ->insert_subscription(alice, {.name = "old-" + name,
                                                             .event_type = "*",
                                                             .url = "https://hooks.example.com/",
                                                             .secret = Secret("s3cret"),
                                                             .user_id = "alice"})
                               .value()
                               .id;
        });
        change([&] {
            std::string hash = name;
            hash.resize(32, 'h');
            key = storage_->insert_api_key(alice, {.hash = hash, .user_id = "alice", .name = name})
                      .value()
                      .id;
        });
        change([&] {
            storage_->update_subscription(alice, subscription, {.name = "new-" + name}).value();
        });
        change([&] { storage_->replace_event_type(alice, {"type." + name, ""}).value(); });
        if (number % 2 == 0) return;
        change([&] { storage_->delete_subscription(alice, subscription).value(); });
        change([&] { storage_->delete_api_key(alice, key).value(); });
        change([&] { storage_->retire_event_type(alice, "type." + name, false).value(); });
    }

private:
    void change(const std::function<void()>& make) const {
        pass(operation, "before");
        {
            const Operation current(operation);
            make();
        }
        pass(operation, "after");
        if (::write(file_, ".", 1) != 1) std::abort();
    }

    const std::shared_ptr<Storage> storage_;
    const int file_;
    const std::string run_;
};

}  // namespace
}  // namespace webhooks::testing

int main(int count, char** arguments) {
    using namespace webhooks::testing;
    ::alarm(longest_life_in_seconds);
    const std::vector<std::string> given(arguments + 1, arguments + count);
    try {
        Changer changer(open_storage(given.at(0), given.at(1)), given.at(2), given.at(3));
        if (given.size() == 6) die_at(operation, given[4], std::stoi(given[5]));
        for (int number = 0; number < 4; ++number) {
            changer.make_changes(number);
        }
    } catch (const std::exception& failure) {
        std::cerr << "webhooks_kill_changer: " << failure.what() << '\n';
        return EXIT_FAILURE;
    }
    return EXIT_SUCCESS;
}
