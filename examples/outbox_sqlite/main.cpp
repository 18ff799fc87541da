// Shows the outbox on SQLite: an order and its event are written in one transaction of the host, in
// the file that the service delivers from. If it is rolled back, nothing was published; if it is
// committed, the event is delivered at the service's next heartbeat. The argument is the file,
// which is created if missing; the example's table remains in it.

#include <sqlite3.h>

#include <chrono>
#include <iostream>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <webhooks/outbox.hpp>
#include <webhooks/testing/fake_transport.hpp>
#include <webhooks/webhooks.hpp>

using namespace std::chrono_literals;
using webhooks::Principal;

using Connection = std::unique_ptr<sqlite3, int (*)(sqlite3*)>;

Connection connect(const std::string& path) {
    sqlite3* connection = nullptr;
    sqlite3_open(path.c_str(), &connection);
    // While the service writes, this connection waits.
    sqlite3_busy_timeout(connection, 5000);
    return {connection, sqlite3_close};
}

void execute(sqlite3* connection, const std::string& statement) {
    if (sqlite3_exec(connection, statement.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK)
        throw std::runtime_error(sqlite3_errmsg(connection));
}

// The host's business: the order and its event exist together, or neither does.
void place_order(sqlite3* connection, int number, bool changes_its_mind) {
    const std::string id = std::to_string(number);
    // IMMEDIATE: this transaction writes from the start, so it never has to be restarted.
    execute(connection, "BEGIN IMMEDIATE");
    execute(connection, "INSERT INTO example_order VALUES (" + id + ")");
    webhooks::publish_in_transaction(
        connection, {.event_type = "order.created", .payload = "{\"order\":" + id + "}"})
        .value();
    execute(connection, changes_its_mind ? "ROLLBACK" : "COMMIT");
}

int main(int argc, char** argv) try {
    if (argc != 2) {
        std::cerr << "usage: webhooks-outbox-sqlite FILE\n";
        return 2;
    }
    // A service that delivers; it may be another process. Here it has no network to send to.
    const auto transport = std::make_shared<webhooks::testing::FakeTransport>();
    webhooks::ServiceOptions options;
    // How often it checks for commits of others.
    options.heartbeat_interval = 100ms;
    auto service = webhooks::WebhookService::open(
                       {.storage = webhooks::make_sqlite_storage({.path = argv[1]}).value(),
                        .transport = transport},
                       options)
                       .value();
    service.start().value();
    service.register_event_type({"order.created", "An order was placed"}).value();
    const auto alice = Principal::user("alice");
    if (service.subscriptions(alice).value().total == 0) {
        service
            .create_subscription(alice, {.name = "first",
                                         .event_type = "order.created",
                                         .url = "https://hooks.example.com/"})
            .value();
    }

    const Connection connection = connect(argv[1]);
    execute(connection.get(), "CREATE TABLE IF NOT EXISTS example_order (id INTEGER)");
    place_order(connection.get(), 41, true);
    place_order(connection.get(), 42, false);

    const auto committed = std::chrono::steady_clock::now();
    while (transport->requests().empty() && std::chrono::steady_clock::now() < committed + 10s) {
        std::this_thread::sleep_for(1ms);
    }
    for (const webhooks::OutgoingRequest& request : transport->requests()) {
        std::cout << "delivered " << *request.body << '\n';
    }
    return transport->requests().empty() ? 1 : 0;
} catch (const std::exception& error) {
    std::cerr << error.what() << '\n';
    return 1;
}
