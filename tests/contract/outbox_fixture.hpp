#pragma once

#include <contract/storages.hpp>

#ifdef WEBHOOKS_TEST_POSTGRESQL_PROGRAMS

#include <libpq-fe.h>
#include <soci/postgresql/soci-postgresql.h>
#include <soci/soci.h>

#include <webhooks/outbox.hpp>
#include <webhooks/testing/fake_transport.hpp>

namespace webhooks::testing {

/// A session of a host, with the library's schema on its search path.
struct Host {
    explicit Host(const std::string& schema) : sql(soci::postgresql, postgresql_cluster().uri()) {
        sql << "SET search_path = " + schema + ", public";
    }

    PGconn* connection() {
        return static_cast<soci::postgresql_session_backend*>(sql.get_backend())->conn_;
    }

    /// An expression's value as text.
    std::string value(const std::string& expression) {
        std::string text;
        sql << "SELECT (" + expression + ")::text", soci::into(text);
        return text;
    }

    std::string publish(const std::string& more = "") {
        return value("webhooks_publish('order.created', '{\"id\":7}'" + more + ")");
    }

    /// What an error says: SQLSTATE, message, hint.
    std::string failure(const std::string& statement) {
        PGresult* result = PQexec(connection(), statement.c_str());
        std::string text;
        for (const int field : {PG_DIAG_SQLSTATE, PG_DIAG_MESSAGE_PRIMARY, PG_DIAG_MESSAGE_HINT}) {
            const char* part = PQresultErrorField(result, field);
            if (part != nullptr) text += text.empty() ? part : std::string(": ") + part;
        }
        PQclear(result);
        return text;
    }

    soci::session sql;
};

/// A database, a manually driven service that delivers from it, and a host. Times are those of the
/// database.
struct Outbox {
    OnPostgresql place;
    std::shared_ptr<ManualClock> clock = std::make_shared<ManualClock>();
    std::shared_ptr<FakeTransport> transport = std::make_shared<FakeTransport>();
    std::shared_ptr<Storage> storage = place.make({});
    std::optional<WebhookService> running;
    Host host{place.schema};

    Outbox() {
        running.emplace(open(clock));
        for (const char* name : {"order.created", "order.item.added", "invoice.paid"}) {
            running->register_event_type({.name = name, .description = ""}).value();
        }
    }

    WebhookService open(std::shared_ptr<Clock> time, ServiceOptions options = {}) {
        return WebhookService::open(
                   {.storage = storage, .transport = transport, .clock = std::move(time)}, options)
            .value();
    }

    SubscriptionId subscribe(const std::string& pattern = "order.created",
                             const Principal& owner = alice) {
        return running
            ->create_subscription(
                owner,
                {.name = "mine", .event_type = pattern, .url = "https://hooks.example.com/a"})
            .value()
            .id;
    }

    /// Past the next heartbeat, which checks for due events.
    void deliver() {
        clock->advance(std::chrono::seconds(3));
        while (running->run_once().value() > 0) {
        }
    }

    std::vector<std::int64_t> read_after(SubscriptionId id, std::int64_t after) {
        std::vector<std::int64_t> ids;
        for (const Event& event : running->events(alice, id, {.after = after}).value().items) {
            ids.push_back(event.id.value);
        }
        return ids;
    }

    std::string rows() {
        return host.value(
            "SELECT concat_ws(' ', (SELECT count(*) FROM webhooks_message), "
            "(SELECT count(*) FROM webhooks_event), (SELECT count(*) FROM webhooks_undelivered), "
            "(SELECT count(*) FROM webhooks_idempotency_key))");
    }

    static Publication order(const std::string& key = "", const std::string& user = "") {
        return {.event_type = "order.created",
                .payload = R"({"id":7})",
                .user_id = user,
                .idempotency_key = key};
    }
};

}  // namespace webhooks::testing

#define OUTBOX_TEST(name) TEST_CASE_METHOD(Outbox, name, "[postgresql]")

#endif
