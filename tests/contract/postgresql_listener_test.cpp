#include <atomic>
#include <condition_variable>
#include <contract/postgresql_fixture.hpp>
#include <future>
#include <latch>
#include <mutex>
#include <optional>
#include <webhooks/forwarding_storage.hpp>
#include <webhooks/testing/fake_transport.hpp>
#include <webhooks/webhook_service.hpp>

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

/// Waits until whatever owns its token is destroyed.
class EndOfToken {
public:
    std::shared_ptr<void> token() { return std::move(token_); }
    void wait() { REQUIRE(end_.wait_for(10s) == std::future_status::ready); }

private:
    std::shared_ptr<std::promise<void>> promise_ = std::make_shared<std::promise<void>>();
    std::future<void> end_ = promise_->get_future();
    std::shared_ptr<void> token_{nullptr, [promise = promise_](void*) { promise->set_value(); }};
};

/// The thread of its listener owns a token.
class MarkedStorage final : public ForwardingStorage {
public:
    MarkedStorage(std::shared_ptr<Storage> inner, std::shared_ptr<void> token)
        : ForwardingStorage(std::move(inner)), token_(std::move(token)) {}

    void set_listener(std::function<void()> listener) override {
        if (!listener) return ForwardingStorage::set_listener({});
        ForwardingStorage::set_listener(
            [token = std::move(token_), call = std::move(listener)] { call(); });
    }

private:
    std::shared_ptr<void> token_;
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
    storage->set_listener({});
}

TEST_CASE_METHOD(PostgresqlFixture, "a call of a listener may remove it, or destroy its storage",
                 "[postgresql]") {
    EndOfToken end;
    auto other = another(clock);
    std::latch ready(1);
    SECTION("it removes itself") {
        other->set_listener([&, token = end.token()] {
            ready.wait();
            other->set_listener({});
        });
    }
    SECTION("it destroys the storage") {
        other->set_listener([&, token = end.token()] {
            ready.wait();
            other.reset();
        });
    }
    ready.count_down();
    end.wait();
}

TEST_CASE_METHOD(PostgresqlFixture, "a call of a feed's listener may destroy its storage",
                 "[postgresql]") {
    const SubscriptionId id = subscribe().id;
    auto other = another(clock);
    Bell bell;
    EndOfToken end;
    other->set_listener([&bell, token = end.token()] { bell.ring(); });
    other->set_feed_listener([&other] { other.reset(); });
    bell.wait_above(0);
    other->feed_changes({{.subscription = id}}).value();
    append_one(id);
    end.wait();
}

TEST_CASE_METHOD(PostgresqlFixture, "a wake callback that PostgreSQL calls may destroy the service",
                 "[postgresql]") {
    EndOfToken end;
    std::latch ready(1);
    std::optional<WebhookService> running;
    running.emplace(WebhookService::open(
                        {.storage = std::make_shared<MarkedStorage>(another(clock), end.token()),
                         .transport = std::make_shared<FakeTransport>(clock),
                         .clock = clock})
                        .value());
    running
        ->set_wake_callback([&] {
            ready.wait();
            running.reset();
        })
        .value();
    ready.count_down();
    storage->upsert_event_type({"order.created", ""}).value();
    end.wait();
    CHECK_FALSE(running);
}
}  // namespace webhooks::testing

#endif
