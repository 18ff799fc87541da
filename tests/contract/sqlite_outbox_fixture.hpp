#pragma once

#include <soci/soci.h>
#include <soci/sqlite3/soci-sqlite3.h>

#include <contract/storages.hpp>
#include <webhooks/outbox.hpp>
#include <webhooks/testing/fake_transport.hpp>

namespace webhooks::testing {

using namespace std::chrono_literals;

/// A connection of a host.
struct SqliteHost {
    explicit SqliteHost(const std::string& path) : sql(soci::sqlite3, path) {}

    /// As SOCI declares it.
    sqlite_api::sqlite3* handle() {
        return static_cast<soci::sqlite3_session_backend*>(sql.get_backend())->conn_;
    }

    ::sqlite3* connection() { return reinterpret_cast<::sqlite3*>(handle()); }

    Result<PublishReceipt> publish(const Publication& publication) {
        return publish_in_transaction(connection(), publication);
    }

    std::string value(const std::string& expression) {
        std::string text;
        sql << "SELECT CAST((" + expression + ") AS TEXT)", soci::into(text);
        return text;
    }

    soci::session sql;
};

/// A file, a manually driven service that delivers from it, and a host's connection to it.
struct SqliteOutboxFixture {
    TemporaryFolder folder;
    const std::string path = folder.file("shop.db");
    std::shared_ptr<ManualClock> clock = std::make_shared<ManualClock>();
    std::shared_ptr<FakeTransport> transport = std::make_shared<FakeTransport>();
    std::shared_ptr<Storage> storage =
        make_sqlite_storage({.path = path, .busy_timeout = 20ms}).value();
    WebhookService running =
        WebhookService::open({.storage = storage, .transport = transport, .clock = clock}).value();
    SqliteHost host{path};

    SqliteOutboxFixture() {
        for (const char* name : {"order.created", "order.item.added", "invoice.paid"}) {
            running.register_event_type({.name = name, .description = ""}).value();
        }
        host.sql << "CREATE TABLE shop_order (id INTEGER)";
    }

    SubscriptionId subscribe(const std::string& pattern = "order.created",
                             const Principal& owner = alice) {
        return running
            .create_subscription(
                owner,
                {.name = "mine", .event_type = pattern, .url = "https://hooks.example.com/a"})
            .value()
            .id;
    }

    /// Past the next heartbeat, which checks for due events.
    void deliver() {
        clock->advance(3s);
        while (running.run_once().value() > 0) {
        }
    }

    std::string rows() {
        return host.value(
            "(SELECT count(*) FROM webhooks_message) || ' ' || "
            "(SELECT count(*) FROM webhooks_event) || ' ' || "
            "(SELECT count(*) FROM webhooks_undelivered) || ' ' || "
            "(SELECT count(*) FROM webhooks_idempotency_key)");
    }

    std::vector<std::int64_t> published(const Publication& publication) {
        host.sql << "BEGIN IMMEDIATE";
        const PublishReceipt receipt = host.publish(publication).value();
        host.sql << "COMMIT";
        std::vector<std::int64_t> ids;
        for (const EventId id : receipt.event_ids) {
            ids.push_back(id.value);
        }
        return ids;
    }

    Error rejected(const Publication& publication) {
        host.sql << "BEGIN IMMEDIATE";
        const Error error = host.publish(publication).error();
        host.sql << "ROLLBACK";
        CHECK(error.to_string().find("canary") == std::string::npos);
        return error;
    }

    static Publication order(const std::string& key = "", const std::string& user = "") {
        return {.event_type = "order.created",
                .payload = R"({"id":7})",
                .user_id = user,
                .idempotency_key = key};
    }
};

}  // namespace webhooks::testing
