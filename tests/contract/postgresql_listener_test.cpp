#include <condition_variable>
#include <contract/postgresql_fixture.hpp>
#include <mutex>

#ifdef WEBHOOKS_TEST_POSTGRESQL_PROGRAMS

namespace webhooks::testing {
namespace {

using namespace std::chrono_literals;

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

}  // namespace

TEST_CASE_METHOD(PostgresqlFixture, "a listener is notified of changes by others", "[postgresql]") {
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

TEST_CASE_METHOD(PostgresqlFixture, "who asks about feeds is notified of events that others append",
                 "[postgresql]") {
    const SubscriptionId id = subscribe().id;
    const auto other = another(clock);
    Bell changes;
    Bell bell;
    Bell own;
    other->set_listener([&] { changes.ring(); });
    other->set_feed_listener([&] { bell.ring(); });
    storage->set_listener([&] { changes.ring(); });
    storage->set_feed_listener([&] { own.ring(); });
    changes.wait_above(1);
    other->feed_changes({{.subscription = id}}).value();
    append_one(id);
    CHECK(bell.wait_above(0) == 1);
    clock->advance(61s);
    append_one(id);
    other->feed_changes({{.subscription = id}}).value();
    append_one(id);
    CHECK(bell.wait_above(1) == 2);
    const Worker second = other->register_worker(10s).value();
    other
        ->write(second.id, {.revision = revision(),
                            .appends = {{.message = message("{}"), .subscriptions = {id}}}})
        .value();
    CHECK(own.wait_above(0) == 1);
    for (const auto& each : {storage, other}) {
        each->set_listener({});
        each->set_feed_listener({});
    }
}

TEST_CASE_METHOD(PostgresqlFixture, "a listener that lost its connection comes back",
                 "[postgresql]") {
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
}  // namespace webhooks::testing

#endif
