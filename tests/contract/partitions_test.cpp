#include <contract/storages.hpp>

#ifdef WEBHOOKS_TEST_POSTGRESQL_PROGRAMS

#include <atomic>
#include <future>
#include <thread>
#include <webhooks/testing/fake_transport.hpp>

namespace webhooks::testing {
namespace {

using namespace std::chrono_literals;

/// A database session in addition to the storage's own.
struct Beside {
    explicit Beside(const std::string& schema) : sql(soci::postgresql, postgresql_cluster().uri()) {
        sql << "SET search_path = " + schema;
    }

    std::string text(const std::string& query) {
        std::string text;
        sql << "SELECT coalesce(string_agg(v::text, ' '), '') FROM (" + query + ") q(v)",
            soci::into(text);
        return text;
    }

    std::string partitions() {
        return text("SELECT number FROM webhooks_partition ORDER BY number");
    }

    /// Counts of messages, events, attempts, and undelivered rows.
    std::string rows() {
        return text(
            "SELECT count(*) FROM webhooks_message UNION ALL SELECT count(*) FROM webhooks_event "
            "UNION ALL SELECT count(*) FROM webhooks_attempt "
            "UNION ALL SELECT count(*) FROM webhooks_undelivered");
    }

    soci::session sql;
};

template <class Place>
struct PartitionFixture : StorageFixture<Place> {
    static constexpr Maintenance daily{.limit = 100, .keep_events_for = 24h};

    Beside beside{this->place.schema};

    std::shared_ptr<Storage> another() {
        return make_postgresql_storage(this->place.options(this->clock)).value();
    }

    EventId deliver_one(SubscriptionId subscription) {
        const EventId event = this->append_one(subscription);
        this->record(subscription, event, {.number = 1, .outcome = Outcome::delivered});
        return event;
    }

    void maintain() {
        while (this->storage->maintain(daily).value()) {
        }
    }

    /// Time passes as for a service with nothing in memory.
    void pass(std::chrono::hours time) {
        for (auto hour = 0h; hour < time; ++hour) {
            this->clock->advance(1h);
            this->write(
                {.low_water = this->storage->heartbeat(this->worker.id).value().last_event});
            maintain();
        }
    }
};

using LargeFixture = PartitionFixture<OnPostgresql>;
using SmallFixture = PartitionFixture<OnSmallPartitions>;

std::int64_t partition_of(EventId event) {
    return event.value / OnSmallPartitions::width;
}

}  // namespace

// ---- The location of ids.

TEST_CASE_METHOD(SmallFixture,
                 "the ids of one batch are in one partition, which is created if missing",
                 "[postgresql]") {
    std::vector<SubscriptionId> targets;
    for (int i = 0; i < 5; ++i) {
        targets.push_back(subscribe().id);
    }
    for (int i = 0; i < 20; ++i) {
        const Appended events = append(targets).value().appends[0].value();
        const EventId last{events.first_event.value + events.count - 1};
        CHECK(partition_of(events.first_event) == partition_of(last));
        CHECK(event(targets[4], last).payload == "{}");
    }
    CHECK(storage->list_events(alice, targets[0], {}).value().total == 20);
    CHECK(beside.partitions() == "0 1 2 3 4 5 6");
    CHECK_FALSE(storage->maintain({.limit = 10}).value());
    CHECK(beside.partitions() == "0 1 2 3 4 5 6 7");
}

TEST_CASE_METHOD(SmallFixture, "a transaction publishes into a partition created after it began",
                 "[postgresql]") {
    const SubscriptionId id = subscribe().id;
    storage->upsert_event_type({"order.created", ""}).value();
    beside.sql << "BEGIN ISOLATION LEVEL REPEATABLE READ";
    beside.sql << "SELECT webhooks_publish('order.created', 'early')";
    for (int i = 0; i < 40; ++i) {
        append_one(id);
    }
    const std::string event =
        beside.text("SELECT unnest(webhooks_publish('order.created', 'late'))");
    beside.sql << "COMMIT";
    CHECK(partition_of({std::stoll(event)}) == 2);
    CHECK(this->event(id, {std::stoll(event)}).payload == "late");
}

TEST_CASE_METHOD(SmallFixture, "statements touch only the partitions of their events",
                 "[postgresql]") {
    const SubscriptionId id = subscribe().id;
    EventId last{};
    while (partition_of(last) < 4) {
        last = deliver_one(id);
    }
    // A session reports its counters only when it ends.
    const auto scans = [&](const std::string& which) {
        return beside.text(
            "SELECT relname || ' ' || seq_scan || ' ' || coalesce(idx_scan, 0) "
            "FROM pg_stat_user_tables WHERE schemaname = current_schema() "
            "AND relname ~ '^webhooks_(event|message|attempt)_" +
            which + "$' ORDER BY relname");
    };
    const auto wait_until_none_is_open = [&] {
        storage.reset();
        while (beside.text("SELECT count(*) FROM pg_stat_activity "
                           "WHERE application_name = 'webhooks'") != "0") {
        }
    };
    wait_until_none_is_open();
    const std::string before = scans("[0-3]");
    const std::string before_new = scans("4");

    storage = another();
    const EventId delivered = append_one(id);
    const EventId failed = append_one(id);
    const EventId recorded = record_one(id);
    REQUIRE(partition_of(recorded) == 4);
    CHECK(appended_after({delivered.value - 1}) == std::vector{delivered, failed});
    record(id, delivered, {.number = 1, .outcome = Outcome::delivered});
    record(id, failed, {.number = 1, .outcome = Outcome::retry}, clock->now());
    CHECK(claim().size() == 2);
    record(id, failed, {.number = 2, .outcome = Outcome::exhausted}, {}, true);
    CHECK(history(id, failed).attempts.size() == 2);
    storage->reopen_event(alice, id, failed).value();
    storage->delete_event(alice, id, recorded).value();
    wait_until_none_is_open();
    CHECK(scans("4") != before_new);
    CHECK(scans("[0-3]") == before);
}

// ---- Dropping partitions.

TEST_CASE_METHOD(LargeFixture, "partitions are dropped one after another, and leave nothing behind",
                 "[postgresql]") {
    const SubscriptionId id = subscribe().id;
    for (int hour = 0; hour < 100; ++hour) {
        const EventId event = append_one(id);
        record(id, event,
               {.number = 1, .outcome = hour % 2 ? Outcome::delivered : Outcome::exhausted});
        pass(1h);
        const std::int64_t total = storage->list_events(alice, id, {}).value().total.value();
        CHECK(total >= std::min(hour + 1, 24));
        CHECK(total <= 24 + 3 + 1);
    }
    CHECK(std::stoi(beside.text("SELECT count(*) FROM webhooks_partition")) <= 12);
    pass(30h);
    CHECK(beside.rows() == "0 0 0 0");
    CHECK(std::stoi(beside.text("SELECT count(*) FROM webhooks_partition")) == 2);
}

TEST_CASE_METHOD(LargeFixture, "an idle log starts no new partition", "[postgresql]") {
    pass(50h);
    CHECK(beside.partitions() == "0 1");
    deliver_one(subscribe().id);
    pass(50h);
    CHECK(beside.partitions() == "1 2");
}

TEST_CASE_METHOD(LargeFixture,
                 "the partition of a waiting event stays, and its other events are deleted",
                 "[postgresql]") {
    const SubscriptionId id = subscribe().id;
    deliver_one(id);
    const EventId waiting = append_one(id, "waits");
    record(id, waiting, {.number = 1, .outcome = Outcome::retry}, clock->now());
    deliver_one(id);
    pass(24h);
    CHECK(beside.rows() == "3 3 3 1");
    pass(8h);
    CHECK(beside.rows() == "1 1 1 1");
    CHECK(beside.partitions() == "0 1 2");
    CHECK(event(id, waiting).payload == "waits");
    REQUIRE(claim() == std::vector{waiting});
    pass(8h);
    CHECK(beside.partitions() == "0 1 2");

    record(id, waiting, {.number = 2, .outcome = Outcome::exhausted}, {}, true);
    pass(1h);
    CHECK(beside.partitions() == "1 2");
    CHECK(beside.rows() == "0 0 0 0");
}

TEST_CASE_METHOD(LargeFixture, "a partition stays while an event of it may be in a worker's memory",
                 "[postgresql]") {
    const SubscriptionId id = subscribe().id;
    const EventId event = append_one(id);
    for (int hour = 0; hour < 50; ++hour) {
        clock->advance(1h);
        maintain();
    }
    CHECK(beside.partitions() == "0 1 2");
    record(id, event, {.number = 1, .outcome = Outcome::delivered});
    pass(1h);
    CHECK(beside.partitions() == "1 2");
}

TEST_CASE_METHOD(LargeFixture, "an uncommitted publication of a host keeps its partition",
                 "[postgresql]") {
    const SubscriptionId id = subscribe().id;
    storage->upsert_event_type({"order.created", ""}).value();
    deliver_one(id);
    beside.sql << "BEGIN";
    const std::string event =
        beside.text("SELECT unnest(webhooks_publish('order.created', 'late'))");
    pass(50h);
    beside.sql << "COMMIT";
    CHECK(beside.partitions() == "0 1 2");
    CHECK(this->event(id, {std::stoll(event)}).payload == "late");
}

TEST_CASE_METHOD(LargeFixture, "a publisher does not wait for a reader that keeps a partition",
                 "[postgresql]") {
    const SubscriptionId id = subscribe().id;
    deliver_one(id);
    pass(10h);
    clock->advance(24h);
    beside.sql << "BEGIN ISOLATION LEVEL REPEATABLE READ";
    beside.rows();

    std::atomic<bool> is_published = false;
    auto publishing = std::async(std::launch::async, [&] {
        const std::shared_ptr<void> done(nullptr, [&](void*) { is_published = true; });
        const auto own = another();
        const Worker self = own->register_worker(1h).value();
        auto longest = 0ns;
        Batch batch{.revision = own->heartbeat(self.id).value().revision};
        batch.appends.push_back(
            {.message = message("{}"), .subscriptions = {id}, .due = clock->now()});
        for (int i = 0; i < 300; ++i) {
            const auto begun = std::chrono::steady_clock::now();
            own->write(self.id, batch).value();
            longest = std::max(longest, std::chrono::steady_clock::now() - begun);
        }
        return longest;
    });
    int attempts = 0;
    while (!is_published || attempts < 3) {
        CHECK_FALSE(storage->maintain(daily).value());
        ++attempts;
    }
    // Far below the usual lock timeout.
    CHECK(publishing.get() < 2s);
    CHECK(beside.rows().starts_with("1 1 1"));
    beside.sql << "COMMIT";
    CHECK(beside.partitions() == "0 1 2");
    maintain();
    CHECK(beside.partitions() == "1 2");
}

TEST_CASE_METHOD(SmallFixture, "workers continue while partitions are created and dropped",
                 "[postgresql]") {
    const SubscriptionId id = subscribe().id;
    const Revision current = revision();
    std::atomic<int> busy = 2;
    const auto work = [&] {
        const std::shared_ptr<void> done(nullptr, [&](void*) { --busy; });
        const auto own = another();
        const WorkerId self = own->register_worker(100'000h).value().id;
        const Append append{.message = message("{}"), .subscriptions = {id}};
        Batch batch{.revision = current};
        for (int round = 0; round < 200; ++round) {
            batch.appends = {append, append, append};
            const BatchReceipt receipt = own->write(self, batch).value();
            batch = {.revision = current};
            for (const Result<Appended>& appended : receipt.appends) {
                batch.low_water = appended.value().first_event;
                const Outcome outcome =
                    batch.attempts.empty() ? Outcome::exhausted : Outcome::delivered;
                batch.attempts.push_back({.event = batch.low_water,
                                          .subscription = id,
                                          .attempt = {.number = 1, .outcome = outcome}});
            }
        }
        own->write(self, batch).value();
        own->retire_worker(self).value();
    };
    std::future<void> workers[] = {std::async(std::launch::async, work),
                                   std::async(std::launch::async, work)};
    int dropped = 0;
    while (busy > 0) {
        pass(1h);
        // One call creates or drops one partition.
        maintain();
        dropped += std::stoi(beside.text("SELECT min(number) FROM webhooks_partition")) > 0 ? 1 : 0;
    }
    for (std::future<void>& worker_done : workers) {
        worker_done.get();
    }
    CHECK(dropped > 0);
    take_over();
    pass(60h);
    CHECK(beside.rows() == "0 0 0 0");
    CHECK(beside.text(
              "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()") == "0");
}

// ---- Services.

TEST_CASE_METHOD(LargeFixture, "services drop old partitions, even if one of them is idle",
                 "[postgresql]") {
    storage->retire_worker(worker.id).value();
    const auto busy_transport = std::make_shared<FakeTransport>();
    const auto idle_transport = std::make_shared<FakeTransport>();
    ServiceOptions options;
    options.retention = 24h;
    const auto open = [&](std::shared_ptr<Transport> transport) {
        WebhookService service = WebhookService::open({.storage = another(),
                                                       .transport = std::move(transport),
                                                       .clock = clock,
                                                       .observer = std::make_shared<Observer>()},
                                                      options)
                                     .value();
        service.register_event_type({.name = "order.created", .description = ""}).value();
        return service;
    };
    WebhookService busy = open(busy_transport);
    WebhookService idle = open(idle_transport);
    const SubscriptionId id = subscribe().id;
    const auto settle = [&] {
        for (WebhookService* service : {&busy, &idle}) {
            while (service->run_once().value() > 0) {
            }
        }
    };
    for (int hour = 0; hour < 40; ++hour) {
        settle();
        busy.publish(alice, {.event_type = "order.created", .payload = "{}"}).value();
        settle();
        clock->advance(1h);
    }
    CHECK(busy_transport->requests().size() + idle_transport->requests().size() == 40);
    CHECK(beside.text("SELECT min(number) > 1 FROM webhooks_partition") == "true");
    const std::int64_t total = storage->list_events(alice, id, {}).value().total.value();
    CHECK(total >= 23);
    CHECK(total <= 32);
}

TEST_CASE_METHOD(SmallFixture, "a service needs no right to create tables, and none on partitions",
                 "[postgresql]") {
    const std::string role = "service_of_" + place.schema;
    beside.sql << "CREATE ROLE " + role + " LOGIN";
    beside.sql << "GRANT USAGE ON SCHEMA " + place.schema + " TO " + role;
    for (const char* rights :
         {"SELECT, INSERT, UPDATE, DELETE ON ALL TABLES", "USAGE, SELECT, UPDATE ON ALL SEQUENCES",
          "EXECUTE ON ALL FUNCTIONS"}) {
        beside.sql << std::string("GRANT ") + rights + " IN SCHEMA " + place.schema + " TO " + role;
    }
    storage->retire_worker(worker.id).value();
    PostgresqlOptions options = place.options(clock);
    options.connection = Secret(postgresql_cluster().uri() + "&user=" + role);
    storage = make_postgresql_storage(options).value();
    worker = storage->register_worker(10s).value();
    take_over();
    const SubscriptionId id = subscribe().id;
    EventId last{};
    while (partition_of(last) < 4) {
        last = deliver_one(id);
    }
    pass(40h);
    CHECK(beside.partitions() == "5 6");
    CHECK(beside.rows() == "0 0 0 0");
    CHECK(partition_of(deliver_one(id)) == 5);
}

}  // namespace webhooks::testing

#endif
