#pragma once

#ifdef WEBHOOKS_TEST_POSTGRESQL_PROGRAMS
#include <soci/postgresql/soci-postgresql.h>
#include <soci/soci.h>
#endif
#include <support/catch.hpp>
#include <support/postgresql_cluster.hpp>
#include <support/temporary_folder.hpp>
#include <webhooks/testing/manual_clock.hpp>
#include <webhooks/webhooks.hpp>

namespace webhooks::testing {

inline const Principal alice = Principal::user("alice");
inline const Principal bob = Principal::user("bob");
inline const Principal admin = Principal::administrator("admin");

struct InMemory {
    std::shared_ptr<Storage> make(std::shared_ptr<Clock> clock) {
        return make_memory_storage(std::move(clock));
    }
};

struct OnSqlite {
    std::shared_ptr<Storage> make(std::shared_ptr<Clock> clock) {
        return make_sqlite_storage({.path = folder.file("test.db"), .clock = std::move(clock)})
            .value();
    }
    TemporaryFolder folder;
};

#ifdef WEBHOOKS_TEST_POSTGRESQL_PROGRAMS
/// A schema of its own.
struct OnPostgresql {
    std::shared_ptr<Storage> make(std::shared_ptr<Clock> clock) {
        const PostgresqlOptions options = this->options(std::move(clock));
        migrate_postgresql(options).value();
        return make_postgresql_storage(options).value();
    }

    PostgresqlOptions options(std::shared_ptr<Clock> clock) const {
        return {.connection = Secret(postgresql_cluster().uri()),
                .schema = schema,
                .connections = 2,
                .clock = std::move(clock)};
    }

    static inline int count = 0;
    const std::string schema = "test_" + std::to_string(++count);
};

/// With a log of many partitions.
struct OnSmallPartitions : OnPostgresql {
    static constexpr std::int64_t width = 16;

    std::shared_ptr<Storage> make(std::shared_ptr<Clock> clock) {
        const PostgresqlOptions options = this->options(std::move(clock));
        migrate_postgresql(options).value();
        soci::session sql(soci::postgresql, postgresql_cluster().uri());
        sql << "SET search_path = " + schema;
        sql << "CREATE OR REPLACE FUNCTION webhooks_partition_width() RETURNS bigint "
               "LANGUAGE sql IMMUTABLE AS 'SELECT " +
                   std::to_string(width) + "::bigint'";
        sql << "SELECT webhooks_drop_partition(n), webhooks_make_partition(n) "
               "FROM generate_series(0, 1) n";
        return make_postgresql_storage(options).value();
    }
};
#define WEBHOOKS_TEST_STORAGES                                                                 \
    webhooks::testing::InMemory, webhooks::testing::OnSqlite, webhooks::testing::OnPostgresql, \
        webhooks::testing::OnSmallPartitions
#else
#define WEBHOOKS_TEST_STORAGES webhooks::testing::InMemory, webhooks::testing::OnSqlite
#endif

inline std::vector<EventId> ids(const std::vector<HeldEvent>& events) {
    std::vector<EventId> ids;
    for (const HeldEvent& event : events) {
        ids.push_back(event.id);
    }
    return ids;
}

/// What each test of the contract begins with: an empty storage and a worker.
template <class Place>
struct StorageFixture {
    Place place;
    std::shared_ptr<ManualClock> clock = std::make_shared<ManualClock>();
    std::shared_ptr<Storage> storage = place.make(clock);
    Worker worker = storage->register_worker(std::chrono::seconds(10)).value();

    Subscription subscribe(const std::string& owner = "alice") {
        return storage
            ->insert_subscription({.name = "mine",
                                   .event_type = "order.created",
                                   .url = "https://hooks.example.com/a?b=c",
                                   .secret = Secret("s3cret"),
                                   .headers = {{"X-One", "1: 2"}, {"x-two", ""}},
                                   .max_retry_count = 4,
                                   .user_id = owner})
            .value();
    }

    Revision revision() { return storage->pulse(worker.id).value().revision; }

    static std::shared_ptr<const Message> message(const std::string& payload) {
        return std::make_shared<Message>(
            Message{.event_type = "order.created",
                    .content_type = "application/json",
                    .payload = std::make_shared<const std::string>(payload)});
    }

    Result<BatchReceipt> append(std::vector<SubscriptionId> subscriptions,
                                const std::string& payload = "{}",
                                std::optional<IdempotencyKey> key = {},
                                std::optional<Time> due = {}) {
        Batch batch{.matched_at = revision()};
        batch.appends.push_back({.message = message(payload),
                                 .subscriptions = std::move(subscriptions),
                                 .idempotency = std::move(key),
                                 .due = due});
        return storage->write(worker.id, batch);
    }

    EventId append_one(SubscriptionId subscription, const std::string& payload = "{}") {
        return append({subscription}, payload).value().appends.front().value().first_event;
    }

    EventId park_one(SubscriptionId subscription) {
        return append({subscription}, "{}", {}, clock->now())
            .value()
            .appends.front()
            .value()
            .first_event;
    }

    /// As a worker does that holds the event: one that waits is claimed first.
    void record(SubscriptionId subscription, EventId event, Attempt attempt,
                std::optional<Time> due = {}, bool has_row = false) {
        Batch batch;
        batch.attempts.push_back({.event = event,
                                  .subscription = subscription,
                                  .attempt = std::move(attempt),
                                  .due = due,
                                  .tries = attempt.number,
                                  .has_row = has_row});
        storage->write(worker.id, batch).value();
    }

    BatchReceipt write(const Batch& batch) { return storage->write(worker.id, batch).value(); }

    void park(SubscriptionId subscription, EventId event, Park::Place where, Time due) {
        write({.parks = {
                   {.event = event, .subscription = subscription, .due = due, .place = where}}});
    }

    std::vector<EventId> claim() { return ids(storage->claim(worker.id, 100).value().events); }

    std::vector<EventId> claim_deferred(SubscriptionId subscription) {
        return ids(storage->claim_deferred(worker.id, subscription, 100).value());
    }

    std::vector<EventId> appended_after(EventId after) {
        return ids(storage->appended_after(worker.id, after, 100).value());
    }

    /// The worker's life ends, another's begins.
    void replace_worker() {
        storage->retire_worker(worker.id).value();
        worker = storage->register_worker(std::chrono::seconds(10)).value();
    }

    /// What the replaced worker held becomes free.
    void take_over() { CHECK(storage->take_over(worker.id, 1000).value() < 1000); }

    /// A worker beside the first; absent where storage serves one at a time.
    std::optional<Worker> second_worker() {
        const Result<Worker> other = storage->register_worker(std::chrono::seconds(10));
        if (other) return *other;
        CHECK(other.error() == Errc::locked);
        return std::nullopt;
    }

    EventHistory history(SubscriptionId subscription, EventId event) {
        return storage->find_event(admin, subscription, event).value();
    }

    Event event(SubscriptionId subscription, EventId id) {
        for (const Event& candidate :
             storage->list_events(admin, subscription, {.take = 1000}).value().items) {
            if (candidate.id == id) return candidate;
        }
        FAIL("no event " << id.value);
        return {};
    }
};

#define STORAGE_TEST(name)                                                           \
    TEMPLATE_TEST_CASE_METHOD(webhooks::testing::StorageFixture, name, "[contract]", \
                              WEBHOOKS_TEST_STORAGES)

}  // namespace webhooks::testing
