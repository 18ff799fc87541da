#include <contract/heavy_query.hpp>
#include <contract/old_subscription.hpp>
#include <filesystem>
#include <fstream>

#ifdef WEBHOOKS_TEST_POSTGRESQL_PROGRAMS

#include <soci/postgresql/soci-postgresql.h>
#include <soci/soci.h>
#include <algorithm>
#include <condition_variable>
#include <future>
#include <mutex>
#include <set>
#include <thread>

namespace webhooks::testing {
namespace {

using namespace std::chrono_literals;

struct Fixture : StorageFixture<OnPostgresql> {
    /// A session in addition to the storage's own.
    void open(soci::session& sql) const {
        sql.open(soci::postgresql, postgresql_cluster().uri());
        sql << "SET search_path = " + place.schema;
    }

    std::shared_ptr<Storage> another(std::shared_ptr<Clock> time) const {
        return make_postgresql_storage(place.options(std::move(time))).value();
    }

    Batch batch_of(SubscriptionId id, const std::string& key = {}) {
        Batch batch{.matched_at = revision()};
        batch.appends.push_back({.message = message("{}"), .subscriptions = {id}});
        if (!key.empty()) {
            batch.appends[0].idempotency = {
                .scope = "alice", .key = key, .digest = std::string(32, 'd')};
        }
        return batch;
    }
};

/// Waits until a session of the schema's storage waits for a lock.
void wait_until_one_waits(soci::session& sql) {
    int waiting = 0;
    while (waiting == 0) {
        sql << "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'",
            soci::into(waiting);
    }
}

std::vector<std::string> wrong_members(const PostgresqlOptions& options) {
    std::vector<std::string> members;
    const Result<> verdict = options.validate();
    if (verdict) return members;
    for (const FieldError& field_error : verdict.error().fields()) {
        members.push_back(field_error.field);
    }
    return members;
}

/// Counts calls of a listener.
class Bell {
public:
    void ring() {
        {
            const std::scoped_lock lock(mutex_);
            ++count_;
        }
        changed_.notify_all();
    }
    /// Waits for more than `count` calls. @return their number.
    int wait_above(int count) {
        std::unique_lock lock(mutex_);
        REQUIRE(changed_.wait_for(lock, 10s, [&] { return count_ > count; }));
        return count_;
    }

private:
    std::mutex mutex_;
    std::condition_variable changed_;
    int count_ = 0;
};

/// Runs it in this many threads at once.
template <class Body>
void at_once(int threads, Body body) {
    std::vector<std::future<void>> running;
    for (int i = 0; i < threads; ++i) {
        running.push_back(std::async(std::launch::async, body, i));
    }
    for (std::future<void>& each : running) {
        each.get();
    }
}

}  // namespace

// ---- Options and schema.

TEST_CASE("errors in options of PostgreSQL name the wrong member", "[postgresql]") {
    CHECK(wrong_members({}).empty());
    CHECK(wrong_members({.connection = Secret("postgresql://u:p@h:5433/d?sslmode=verify-full")})
              .empty());
    CHECK(wrong_members({.connection = Secret("host=/tmp password='a b' user=x")}).empty());
    CHECK(wrong_members({.connection = Secret("nonsense"),
                         .schema = "Upper",
                         .connections = 0,
                         .connect_timeout = 1s,
                         .tcp_user_timeout = 0s,
                         .statement_timeout = 2h,
                         .query_timeout = 0ms,
                         .lock_timeout = 1ms,
                         .answer_timeout = 1ms,
                         .application_name = "\n"}) ==
          std::vector<std::string>{"connection", "schema", "application_name", "connections",
                                   "connect_timeout", "tcp_user_timeout", "statement_timeout",
                                   "query_timeout", "lock_timeout", "answer_timeout"});
    for (const char* schema : {"", "1a", "a b", "a\"b", "a;b"}) {
        CHECK(wrong_members({.schema = schema}) == std::vector<std::string>{"schema"});
    }
}

TEST_CASE_METHOD(Fixture, "a query that times out on PostgreSQL says so", "[postgresql]") {
    const HeavyQuery heavy(*this);
    PostgresqlOptions options = place.options(clock);
    options.query_timeout = 5ms;
    heavy.check_that_it_ends(*make_postgresql_storage(options).value());
    heavy.check_that_it_stops(*storage);
    CHECK(storage->list_events(alice, heavy.id, HeavyQuery::query()).value().total == 0);
}

TEST_CASE("no error of PostgreSQL contains the password", "[postgresql]") {
    for (const char* connection :
         {"postgresql://user:canary@127.0.0.1:1/db", "postgresql://user:canary@host:nonsense/db",
          "canary", "password=canary canary", "postgresql://user:canary@host/db?nonsense=1"}) {
        const PostgresqlOptions options{.connection = Secret(connection)};
        for (const Error& error :
             {make_postgresql_storage(options).error(), migrate_postgresql(options).error()}) {
            INFO(error.to_string());
            CHECK((error == Errc::unavailable || error == Errc::invalid_argument));
            CHECK(error.to_string().find("canary") == std::string::npos);
        }
    }
}

TEST_CASE("a schema of another version is rejected, with both versions", "[postgresql]") {
    OnPostgresql place;
    const PostgresqlOptions options = place.options({});
    const Error older = make_postgresql_storage(options).error();
    CHECK(older == Errc::conflict);
    CHECK(older.detail() == "PostgreSQL: the database has no tables in the schema '" +
                                place.schema + "'; create them with migrate_postgresql");

    at_once(3, [&](int) { migrate_postgresql(options).value(); });
    CHECK(make_postgresql_storage(options));

    soci::session sql(soci::postgresql, postgresql_cluster().uri());
    long long checksum = 0;
    sql << "DELETE FROM " + place.schema + ".webhooks_schema WHERE version = 5 RETURNING checksum",
        soci::into(checksum);
    CHECK(make_postgresql_storage(options).error().detail() ==
          "the schema has version 4, this library needs 5; update it with migrate_postgresql");
    sql << "INSERT INTO " + place.schema + ".webhooks_schema VALUES (5, :checksum, 0)",
        soci::use(checksum);
    sql << "INSERT INTO " + place.schema + ".webhooks_schema VALUES (6, 0, 0)";
    for (const Error& newer :
         {make_postgresql_storage(options).error(), migrate_postgresql(options).error()}) {
        CHECK(newer == Errc::conflict);
        CHECK(newer.detail() ==
              "the schema has version 6, this library knows up to 5; use the newer library");
    }
}

TEST_CASE("a schema in which another program uses the library's names is rejected, with advice",
          "[postgresql]") {
    const auto [definition, words] = GENERATE(table<const char*, const char*>({
        {"webhooks_schema (a text)", "column \"version\" does not exist"},
        {"webhooks_event (a text)", "relation \"webhooks_event\" already exists"},
    }));
    OnPostgresql place;
    soci::session sql(soci::postgresql, postgresql_cluster().uri());
    sql << "CREATE SCHEMA " + place.schema;
    sql << "CREATE TABLE " + place.schema + "." + definition;
    const Error error = migrate_postgresql(place.options({})).error();
    CHECK(error == Errc::conflict);
    CHECK(error.detail().find(words) != std::string::npos);
    CHECK(error.detail().ends_with("; name another one in PostgresqlOptions::schema"));
    CHECK(error.detail().find("Fatal error") == std::string::npos);
}

TEST_CASE("subscriptions of an older schema on PostgreSQL get the defaults of newer members",
          "[postgresql]") {
    const OnPostgresql place;
    migrate_postgresql(place.options({})).value();
    soci::session sql(soci::postgresql, postgresql_cluster().uri());
    sql << "SET search_path = " + place.schema;
    make_old(sql);
    migrate_postgresql(place.options({})).value();
    check_defaults(*make_postgresql_storage(place.options({})).value());
}

TEST_CASE_METHOD(Fixture, "without a clock, time is the database's", "[postgresql]") {
    const std::shared_ptr<Storage> real = another({});
    soci::session sql;
    open(sql);
    const auto database_time = [&] {
        long long micros = 0;
        sql << "SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint",
            soci::into(micros);
        return Time(std::chrono::microseconds(micros));
    };
    const Time before = database_time();
    const Worker other = real->register_worker(10s).value();
    const Time heartbeat = real->heartbeat(other.id).value().now;
    const Time created = real->insert_subscription({.user_id = "alice"}).value().created_at;
    CHECK(before <= heartbeat);
    CHECK(heartbeat <= created);
    CHECK(created <= database_time());
}

// ---- Failures.

TEST_CASE("errors in a connection are reported clearly, without the password", "[postgresql]") {
    const auto refusal = [](const std::string& connection) {
        const PostgresqlOptions options{.connection = Secret(connection)};
        const Error error = make_postgresql_storage(options).error();
        for (const std::string& text :
             {error.to_string(), migrate_postgresql(options).error().to_string()}) {
            CHECK_THAT(text, !Catch::Matchers::ContainsSubstring("canary"));
            CHECK_THAT(text, !Catch::Matchers::ContainsSubstring("Cannot establish"));
        }
        return error;
    };
    for (const char* wrong :
         {"postgres:/user:canary@host", "password=canary host", "postgresql://user:can@ary@host/db",
          "postgresql://user:12/canary@host/db", "nonsense=canary"}) {
        CAPTURE(wrong);
        const Error error = refusal(wrong);
        CHECK(error == Errc::invalid_argument);
        REQUIRE(error.fields().size() == 1);
        CHECK(error.fields()[0].field == "connection");
        CHECK_THAT(error.fields()[0].message, Catch::Matchers::ContainsSubstring("%40"));
    }

    PostgresqlCluster cluster;
    std::filesystem::path folder(cluster.socket());
    std::ofstream(folder.parent_path() / "data" / "pg_hba.conf")
        << "local all webhooks trust\nlocal all all scram-sha-256\n";
    cluster.restart();
    const std::string host = "?host=" + folder.parent_path().string();
    const auto expect = [&](const std::string& connection, const std::string& part) {
        const Error error = refusal(connection + host);
        CHECK(error == Errc::unavailable);
        CHECK_THAT(error.detail(),
                   Catch::Matchers::StartsWith("PostgreSQL: cannot connect as "
                                               "PostgresqlOptions::connection says: ") &&
                       Catch::Matchers::ContainsSubstring(part));
    };
    expect("postgresql://webhooks:canary@/absent", "database \"absent\" does not exist");
    expect("postgresql://stranger:canary@/postgres",
           "password authentication failed for user \"stranger\"");
    expect("postgresql://stranger@/postgres", "no password supplied");
    cluster.stop();
    expect("postgresql://webhooks:canary@/postgres", "Is the server running");
}

TEST_CASE_METHOD(Fixture, "lost connections are replaced, and nothing that can be retried fails",
                 "[postgresql]") {
    const SubscriptionId id = subscribe().id;
    const EventId event = append_one(id);
    SECTION("the server restarted") {
        postgresql_cluster().restart();
    }
    SECTION("an administrator terminated them") {
        soci::session sql;
        open(sql);
        sql << "SELECT count(pg_terminate_backend(pid, 10000)) FROM pg_stat_activity "
               "WHERE application_name = 'webhooks'";
    }
    CHECK(storage->find_event(alice, id, event));
    CHECK(storage->heartbeat(worker.id));
    CHECK(append_one(id) > event);
}

TEST_CASE_METHOD(Fixture, "a connection that is lost in a transaction fails only that call",
                 "[postgresql]") {
    const SubscriptionId id = subscribe().id;
    const Batch batch = batch_of(id);
    soci::session sql;
    open(sql);
    sql << "BEGIN";
    sql << "SELECT 1 FROM webhooks_worker FOR UPDATE";
    auto write = std::async(std::launch::async, [&] { return storage->write(worker.id, batch); });
    wait_until_one_waits(sql);
    sql << "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
           "WHERE wait_event_type = 'Lock'";
    CHECK(write.get().error() == Errc::unavailable);
    sql << "ROLLBACK";
    CHECK(storage->heartbeat(worker.id).value().last_batch == 0);
    CHECK(storage->write(worker.id, batch));
}

TEST_CASE_METHOD(Fixture, "what is not possible now is unavailable", "[postgresql]") {
    PostgresqlOptions options = place.options(clock);
    SECTION("a lock that is held by another transaction") {
        soci::session sql;
        open(sql);
        sql << "BEGIN";
        sql << "SELECT 1 FROM webhooks_state FOR UPDATE";
        options.lock_timeout = 100ms;
        const auto impatient = make_postgresql_storage(options).value();
        CHECK(impatient->insert_subscription({.user_id = "alice"}).error() == Errc::unavailable);
        sql << "ROLLBACK";
        CHECK(impatient->insert_subscription({.user_id = "alice"}));
    }
    SECTION("a read-only server") {
        options.connection =
            Secret(postgresql_cluster().uri() + "&options=-c%20default_transaction_read_only%3Don");
        const auto reading = make_postgresql_storage(options).value();
        CHECK(reading->configuration(0));
        CHECK(reading->insert_subscription({.user_id = "alice"}).error() == Errc::unavailable);
        CHECK(reading->write(worker.id, {}).error() == Errc::unavailable);
    }
    SECTION("a free connection") {
        soci::session sql;
        open(sql);
        sql << "BEGIN";
        sql << "SELECT 1 FROM webhooks_state FOR UPDATE";
        options.connections = 1;
        options.statement_timeout = 200ms;
        const auto small = make_postgresql_storage(options).value();
        at_once(3, [&](int) {
            CHECK(small->insert_subscription({.user_id = "alice"}).error() == Errc::unavailable);
        });
    }
}

TEST_CASE_METHOD(Fixture, "a response that contains U+0000 can be stored", "[postgresql]") {
    const SubscriptionId id = subscribe().id;
    const EventId event = append_one(id);
    record(id, event,
           {.number = 1, .response = std::string("a\0b", 3), .outcome = Outcome::delivered});
    CHECK(this->event(id, event).response ==
          "a\xEF\xBF\xBD"
          "b");
}

// ---- Calls.

TEST_CASE_METHOD(Fixture, "a listener is notified of changes by others", "[postgresql]") {
    const SubscriptionId id = subscribe().id;
    const EventId event = record_one(id);
    const auto other = another(clock);
    Bell bell;
    other->set_listener([&] { bell.ring(); });
    const int heard = bell.wait_above(0);
    SECTION("a subscription") {
        storage->update_subscription(alice, id, {.name = "new"}).value();
    }
    SECTION("an event that is resent") {
        storage->reopen_event(alice, id, event).value();
    }
    SECTION("events that are resent") {
        storage->reopen_undelivered(alice, id, {}, {}, 10).value();
    }
    SECTION("a worker that retires") {
        storage->retire_worker(worker.id).value();
    }
    bell.wait_above(heard);
    other->set_listener({});
}

TEST_CASE_METHOD(Fixture, "a listener that lost its connection comes back", "[postgresql]") {
    Bell bell;
    storage->set_listener([&] { bell.ring(); });
    int heard = bell.wait_above(0);
    SECTION("terminated by an administrator") {
        soci::session sql;
        open(sql);
        sql << "SELECT count(pg_terminate_backend(pid, 10000)) FROM pg_stat_activity "
               "WHERE query LIKE 'LISTEN%'";
    }
    SECTION("with the server") {
        postgresql_cluster().restart();
    }
    heard = bell.wait_above(heard);
    another(clock)->upsert_event_type({"order.created", ""}).value();
    bell.wait_above(heard);
}

// ---- Concurrency.

TEST_CASE_METHOD(Fixture, "a heartbeat waits for the batch that is being written", "[postgresql]") {
    soci::session sql;
    open(sql);
    sql << "BEGIN";
    sql << "UPDATE webhooks_worker SET last_batch = 7";
    auto heartbeat =
        std::async(std::launch::async, [&] { return storage->heartbeat(worker.id).value(); });
    wait_until_one_waits(sql);
    sql << "COMMIT";
    CHECK(heartbeat.get().last_batch == 7);
}

TEST_CASE_METHOD(Fixture, "a write concurrent with its worker's end writes nothing",
                 "[postgresql]") {
    const SubscriptionId id = subscribe().id;
    const EventId event = append_one(id);
    Batch batch = batch_of(id);
    batch.attempts.push_back({.event = event,
                              .subscription = id,
                              .attempt = {.number = 1, .outcome = Outcome::delivered}});
    soci::session sql;
    open(sql);
    sql << "BEGIN";
    sql << "SELECT 1 FROM webhooks_worker FOR UPDATE";
    auto write = std::async(std::launch::async, [&] { return storage->write(worker.id, batch); });
    wait_until_one_waits(sql);
    sql << "UPDATE webhooks_worker SET is_dead = 1";
    sql << "COMMIT";
    CHECK(write.get().error() == Errc::fenced);
    CHECK(history(id, event).attempts.empty());
    CHECK(storage->list_events(alice, id, {}).value().total == 1);
}

TEST_CASE_METHOD(Fixture, "undoing a claim waits for the claim", "[postgresql]") {
    const EventId event = record_one(subscribe().id);
    soci::session sql;
    open(sql);
    sql << "BEGIN";
    sql << "SELECT 1 FROM webhooks_worker FOR KEY SHARE";
    sql << "UPDATE webhooks_undelivered SET claim_number = 5, claimed_by = " +
               std::to_string(worker.id.value);
    auto undo = std::async(std::launch::async, [&] { storage->unclaim(worker.id, 5).value(); });
    wait_until_one_waits(sql);
    sql << "COMMIT";
    undo.get();
    CHECK(claim() == std::vector{event});
}

TEST_CASE_METHOD(Fixture, "each event is claimed by exactly one worker", "[postgresql]") {
    const SubscriptionId id = subscribe().id;
    Batch batch = batch_of(id);
    batch.appends.front().due = clock->now();
    batch.appends.resize(500, batch.appends.front());
    write(batch);
    std::mutex mutex;
    std::multiset<EventId> claimed;
    at_once(4, [&](int) {
        const auto own = another(clock);
        const WorkerId self = own->register_worker(10s).value().id;
        Claim claim;
        do {
            claim = own->claim(self, 7).value();
            const std::scoped_lock lock(mutex);
            for (const HeldEvent& event : claim.events) {
                claimed.insert(event.id);
            }
        } while (!claim.events.empty() || claim.next_due);
    });
    CHECK(claimed.size() == 500);
    CHECK(std::set(claimed.begin(), claimed.end()).size() == 500);
}

TEST_CASE_METHOD(Fixture, "a key that several workers publish with at once is published once",
                 "[postgresql]") {
    const SubscriptionId id = subscribe().id;
    const Batch batch = batch_of(id, "key");
    std::atomic<int> published = 0;
    at_once(4, [&](int) {
        const auto own = another(clock);
        const WorkerId self = own->register_worker(10s).value().id;
        const BatchReceipt receipt = own->write(self, batch).value();
        if (!receipt.appends.front().value().is_replay) ++published;
    });
    CHECK(published == 1);
    CHECK(storage->list_events(alice, id, {}).value().total == 1);
}

TEST_CASE_METHOD(Fixture, "a key released by a rejected batch is available to a waiting worker",
                 "[postgresql]") {
    const SubscriptionId id = subscribe().id;
    write(batch_of(id, "used"));
    constexpr int rounds = 20;
    std::atomic<int> published = 0;
    std::atomic<int> refused = 0;
    at_once(4, [&](int i) {
        const auto own = another(clock);
        const WorkerId self = own->register_worker(10s).value().id;
        for (int round = 0; round < rounds; ++round) {
            Batch batch = batch_of(id, "key " + std::to_string(round));
            if (i % 2 == 0) {
                Append conflict = batch_of(id, "used").appends.front();
                conflict.idempotency->digest = std::string(32, 'e');
                conflict.joins_previous = true;
                batch.appends.push_back(conflict);
                const BatchReceipt receipt = own->write(self, batch).value();
                if (receipt.appends[0].error() == Errc::aborted &&
                    receipt.appends[1].error() == Errc::conflict) {
                    ++refused;
                }
            } else if (!own->write(self, batch).value().appends[0].value().is_replay) {
                ++published;
            }
        }
    });
    CHECK(published == rounds);
    CHECK(refused == 2 * rounds);
    CHECK(storage->list_events(alice, id, {.take = 0}).value().total == 1 + rounds);
}

TEST_CASE_METHOD(Fixture, "workers, users and maintenance never deadlock", "[postgresql]") {
    std::vector<SubscriptionId> targets;
    for (int i = 0; i < 3; ++i) {
        targets.push_back(subscribe().id);
    }
    std::atomic<int> busy = 3;
    const auto work = [&] {
        const auto own = another(clock);
        const WorkerId self = own->register_worker(1h).value().id;
        for (int round = 0; round < 40; ++round) {
            Batch batch{.matched_at = own->heartbeat(self).value().revision};
            Append append{.message = message("{}"), .subscriptions = targets};
            if (round % 2 == 0) append.due = clock->now();
            batch.appends = {append, append};
            for (const SubscriptionId id : {targets[1], targets[0]}) {
                const Subscription judged = own->find_subscription(alice, id).value();
                batch.states.push_back({.subscription = id,
                                        .judged_at = judged.revision,
                                        .failing_since = clock->now()});
            }
            const Result<BatchReceipt> receipt = own->write(self, batch);
            if (!receipt && receipt.error() == Errc::stale_revision) continue;
            const EventId first = receipt.value().appends[1].value().first_event;
            Batch results;
            for (const HeldEvent& event : own->claim(self, 5).value().events) {
                results.attempts.push_back(
                    {.event = event.id,
                     .subscription = event.subscription,
                     .attempt = {.number = event.attempts + 1, .outcome = Outcome::retry},
                     .due = clock->now()});
            }
            if (round % 2 != 0) {
                results.custody_changes.push_back({.event = first,
                                                   .subscription = targets[0],
                                                   .due = clock->now(),
                                                   .custody = Custody::reserved});
            }
            own->write(self, results).value();
            own->claim_reserved(self, targets[0], 10).value();
            own->mark_expired(self).value();
            own->take_over(self, 100).value();
        }
        own->retire_worker(self).value();
    };
    const auto use = [&] {
        while (busy > 0) {
            storage->update_subscription(alice, targets[0], {.name = "new"}).value();
            storage->rotate_secret(alice, targets[1], Secret("s"), 1h).value();
            storage->reopen_undelivered(alice, targets[0], {}, {}, 10).value();
            const ListQuery newest{.sort = {{.field = "id", .is_descending = true}}, .take = 1};
            for (const Event& event :
                 storage->list_events(alice, targets[1], newest).value().items) {
                static_cast<void>(storage->delete_event(alice, targets[1], event.id));
            }
            const SubscriptionId gone = subscribe().id;
            storage->delete_subscription(alice, gone).value();
            storage->maintain({.limit = 100}).value();
        }
    };
    at_once(4, [&](int i) {
        if (i == 0) return use();
        const std::shared_ptr<void> done(nullptr, [&](void*) { --busy; });
        work();
    });
    soci::session sql;
    open(sql);
    int orphans = -1;
    sql << "SELECT count(*) FROM webhooks_undelivered u WHERE NOT EXISTS "
           "(SELECT 1 FROM webhooks_event e WHERE e.id = u.event_id)",
        soci::into(orphans);
    CHECK(orphans == 0);
    int deadlocks = -1;
    sql << "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()",
        soci::into(deadlocks);
    CHECK(deadlocks == 0);
}

}  // namespace webhooks::testing

#endif
