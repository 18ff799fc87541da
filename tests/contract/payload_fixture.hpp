#pragma once

#include <soci/soci.h>

#include <contract/encryption_fixture.hpp>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <support/child_process.hpp>
#include <webhooks/testing/fake_transport.hpp>
#ifdef WEBHOOKS_TEST_SQLITE
#include <soci/sqlite3/soci-sqlite3.h>
#endif
#ifdef WEBHOOKS_TEST_POSTGRESQL_PROGRAMS
#include <soci/postgresql/soci-postgresql.h>
#endif

namespace webhooks::testing {

/// Occurs in everything that must be encrypted.
inline const std::string payload_canary = "canary-51c9";

#ifdef WEBHOOKS_TEST_SQLITE
struct SqlitePlace {
    std::shared_ptr<Storage> open(const EncryptionOptions& encryption,
                                  std::shared_ptr<Clock> clock) const {
        return make_sqlite_storage(
                   {.path = path, .clock = std::move(clock), .encryption = encryption})
            .value();
    }
    void connect(soci::session& sql) const { sql.open(soci::sqlite3, path); }

    /// Whether any file of the database contains it.
    bool contains(const std::string& text) const {
        for (const auto& entry : std::filesystem::directory_iterator(folder.path())) {
            std::ifstream file(entry.path(), std::ios::binary);
            const std::string content{std::istreambuf_iterator<char>(file), {}};
            if (content.find(text) != std::string::npos) return true;
        }
        return false;
    }

    /// The same, for a text that no other test writes.
    bool server_has(const std::string& text) const { return contains(text); }

    TemporaryFolder folder;
    std::string path = folder.file("test.db");
};
#endif

#ifdef WEBHOOKS_TEST_POSTGRESQL_PROGRAMS
struct PostgresqlPlace {
    std::shared_ptr<Storage> open(const EncryptionOptions& encryption,
                                  std::shared_ptr<Clock> clock) const {
        PostgresqlOptions options = place.options(std::move(clock));
        migrate_postgresql(options).value();
        options.encryption = encryption;
        return make_postgresql_storage(options).value();
    }
    void connect(soci::session& sql) const {
        sql.open(soci::postgresql, postgresql_cluster().uri());
        sql << "SET search_path = " + place.schema;
    }

    /// Whether a backup of the schema contains it.
    bool contains(const std::string& text) const {
        const Ended dump = run_program({WEBHOOKS_TEST_POSTGRESQL_PROGRAMS "/pg_dump", "--schema",
                                        place.schema, postgresql_cluster().uri()});
        REQUIRE(dump.output.find("webhooks_unmatched") != std::string::npos);
        return dump.output.find(text) != std::string::npos;
    }

    /// Whether any file of the server contains a text that no other test writes: its tables, its
    /// write-ahead log, what it told the client log, or a backup.
    bool server_has(const std::string& text) const {
        soci::session sql;
        connect(sql);
        sql << "CHECKPOINT";
        sql << "SELECT pg_switch_wal()";
        return postgresql_cluster().has_in_its_files(text) || contains(text);
    }

    OnPostgresql place;
};
#endif

/// A manually driven service on a database that encrypts payloads.
template <class Place>
struct PayloadFixture {
    PayloadFixture() {
        start();
        subscription = subscribe(alice);
    }

    void start() {
        running.reset();
        storage.reset();
        storage = place.open(encryption, clock);
        running.emplace(
            WebhookService::open(
                {.storage = storage, .transport = transport, .clock = clock, .observer = observer})
                .value());
        running->register_event_type({.name = "order.created", .description = ""}).value();
    }

    SubscriptionId subscribe(const Principal& owner) {
        return running
            ->create_subscription(owner, {.name = "mine",
                                          .event_type = "order.created",
                                          .url = "https://hooks.example.com/a",
                                          .secret = Secret(payload_canary + "-of-the-secret"),
                                          .headers = {{"x-canary", payload_canary}}})
            .value()
            .id;
    }

    EventId publish(const std::string& payload = payload_canary, const Principal& by = alice,
                    const std::string& key = {}) {
        const PublishReceipt receipt =
            running
                ->publish(
                    by, {.event_type = "order.created", .payload = payload, .idempotency_key = key})
                .value();
        return receipt.event_ids.front();
    }

    void deliver(std::chrono::milliseconds later = std::chrono::seconds(3)) {
        clock->advance(later);
        while (running->run_once().value() > 0) {
        }
    }

    EventHistory history(EventId event) { return running->event(admin, event).value(); }
    Event event(EventId id) { return history(id).event; }

    std::string text(const std::string& expression) const {
        soci::session sql;
        place.connect(sql);
        std::string value;
        sql << "SELECT CAST((" + expression + ") AS TEXT)", soci::into(value);
        return value;
    }

    void change(const std::string& statement) const {
        soci::session sql;
        place.connect(sql);
        sql << statement;
    }

    Place place;
    std::shared_ptr<KeysOfTest> keys = std::make_shared<KeysOfTest>("k1");
    EncryptionOptions encryption{.keys = keys, .payloads = true};
    std::shared_ptr<ManualClock> clock = std::make_shared<ManualClock>();
    std::shared_ptr<FakeTransport> transport = std::make_shared<FakeTransport>();
    std::shared_ptr<Observer> observer = std::make_shared<Observer>();
    std::shared_ptr<Storage> storage;
    std::optional<WebhookService> running;
    SubscriptionId subscription;
};

}  // namespace webhooks::testing
