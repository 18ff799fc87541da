// Shows the outbox: an order and its event are written in one transaction of the host. If it is
// rolled back, nothing was published; if it is committed, the event is delivered at once. The
// argument is the URI of a PostgreSQL database; the example's schema and table remain in it.

#include <libpq-fe.h>

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

using Connection = std::unique_ptr<PGconn, void (*)(PGconn*)>;

void execute(PGconn* connection, const std::string& statement) {
    PGresult* result = PQexec(connection, statement.c_str());
    const ExecStatusType status = PQresultStatus(result);
    PQclear(result);
    if (status != PGRES_COMMAND_OK) throw std::runtime_error(PQerrorMessage(connection));
}

// The host's business: the order and its event exist together, or neither does.
void place_order(PGconn* connection, int number, bool changes_its_mind) {
    const std::string id = std::to_string(number);
    execute(connection, "BEGIN");
    execute(connection, "INSERT INTO example_order VALUES (" + id + ")");
    webhooks::publish_in_transaction(
        connection, {.event_type = "order.created", .payload = "{\"order\":" + id + "}"})
        .value();
    execute(connection, changes_its_mind ? "ROLLBACK" : "COMMIT");
}

int main(int argc, char** argv) try {
    if (argc != 2) {
        std::cerr << "usage: webhooks-outbox postgresql://user@host/database\n";
        return 2;
    }
    const webhooks::PostgresqlOptions database{.connection = webhooks::Secret(argv[1])};
    webhooks::migrate_postgresql(database).value();

    // A service that delivers; usually in another process. Here it has no network to send to.
    const auto transport = std::make_shared<webhooks::testing::FakeTransport>();
    auto service = webhooks::WebhookService::open(
                       {.storage = webhooks::make_postgresql_storage(database).value(),
                        .transport = transport})
                       .value();
    service.start().value();
    service.register_event_type({"order.created", "An order was placed"}).value();
    service
        .create_subscription(
            Principal::user("alice"),
            {.name = "first", .event_type = "order.created", .url = "https://hooks.example.com/"})
        .value();

    const Connection connection(PQconnectdb(argv[1]), PQfinish);
    execute(connection.get(), "CREATE TABLE IF NOT EXISTS example_order (id integer)");
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
