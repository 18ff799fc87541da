#include <future>
#include <stdexcept>
#include <unit/service/fixture.hpp>
#include <webhooks/forwarding_storage.hpp>

namespace webhooks::testing {
namespace {

using namespace std::chrono_literals;

struct ThrowingObserver final : Observer {
    void on_log(LogLevel, std::string_view line) override {
        const std::scoped_lock lock(mutex);
        text.append(line).append("\n");
        if (throws_in_log) throw std::runtime_error("in on_log");
    }
    void on_published(std::size_t) override { throw std::runtime_error("in on_published"); }
    void on_attempt(const AttemptReport&) override { throw 7; }
    void on_deactivated(SubscriptionId, DeactivationReason) override { throw std::bad_alloc(); }

    bool has_logged(std::string_view what) {
        const std::scoped_lock lock(mutex);
        return text.find(what) != std::string::npos;
    }

    std::mutex mutex;
    std::string text;
    bool throws_in_log = false;
};

/// Throws in the selected calls, this many times.
struct ThrowingTransport final : Transport {
    explicit ThrowingTransport(std::shared_ptr<Transport> inner) : inner_(std::move(inner)) {}

    void start(Token token, OutgoingRequest request) override {
        fail(in_start);
        inner_->start(token, std::move(request));
    }
    void run(SteadyTime until, Sink& sink) override {
        fail(in_run);
        inner_->run(until, sink);
    }
    void wake() override {
        fail(in_wake);
        inner_->wake();
    }
    void cancel_all() override {
        fail(in_cancel_all);
        inner_->cancel_all();
    }

    std::atomic<int> in_start{0};
    std::atomic<int> in_run{0};
    std::atomic<int> in_wake{0};
    std::atomic<int> in_cancel_all{0};

private:
    static void fail(std::atomic<int>& times) {
        if (times > 0 && times-- > 0) throw std::runtime_error("thrown by the transport");
    }

    std::shared_ptr<Transport> inner_;
};

struct ThrowingStorage final : ForwardingStorage {
    using ForwardingStorage::ForwardingStorage;

    Result<BatchReceipt> write(WorkerId self, const Batch& batch) override {
        if (throws) throw std::runtime_error("thrown by the storage");
        return ForwardingStorage::write(self, batch);
    }
    Result<Heartbeat> heartbeat(WorkerId self) override {
        if (throws) throw 7;
        return ForwardingStorage::heartbeat(self);
    }
    Result<Page<Subscription>> list_subscriptions(const Principal& principal,
                                                  const ListQuery& query) override {
        if (throws) throw std::bad_alloc();
        return ForwardingStorage::list_subscriptions(principal, query);
    }

    std::atomic<bool> throws{false};
};

/// Throws in every call that returns a Result.
struct AlwaysThrowingStorage final : ForwardingStorage {
    using ForwardingStorage::ForwardingStorage;

    Result<> intercept(Call, const std::function<Result<>()>&) override { throw 7; }
};

struct ThrowingClock final : Clock {
    Time now() const override {
        if (throws) throw std::runtime_error("thrown by the clock");
        return inner->now();
    }
    SteadyTime steady_now() const override {
        if (throws) throw std::runtime_error("thrown by the clock");
        return inner->steady_now();
    }
    std::shared_ptr<Clock> inner;
    std::atomic<bool> throws{false};
};

/// A service all of whose parts can throw.
struct ThrowingFixture : ServiceFixture {
    std::shared_ptr<ThrowingObserver> log = std::make_shared<ThrowingObserver>();
    std::shared_ptr<ThrowingTransport> throwing = std::make_shared<ThrowingTransport>(transport);
    std::shared_ptr<ThrowingStorage> broken = std::make_shared<ThrowingStorage>(storage);
    std::shared_ptr<ThrowingClock> wrong = std::make_shared<ThrowingClock>();
    SubscriptionId subscription{};

    ThrowingFixture() {
        running.reset();
        wrong->inner = clock;
        running.emplace(
            WebhookService::open(
                {.storage = broken, .transport = throwing, .clock = wrong, .observer = log},
                options)
                .value());
        subscription = subscribe().id;
    }

    bool is_delivered(EventId id) { return event(subscription, id).is_success; }
};

}  // namespace

TEST_CASE_METHOD(ThrowingFixture,
                 "an exception of an observer has no effect, and is reported to it") {
    log->throws_in_log = GENERATE(false, true);
    CHECK(is_delivered([&] {
        const EventId id = publish();
        settle();
        return id;
    }()));
    CHECK(log->has_logged("Observer threw: in on_published"));
    CHECK(log->has_logged("not a std::exception"));
    transport->respond_with_status(410);
    publish();
    settle();
    CHECK_FALSE(service().subscription(alice, subscription).value().is_active);
    CHECK(log->has_logged("bad_alloc"));
}

TEST_CASE_METHOD(ThrowingFixture, "a completion that throws is logged, wherever it is called") {
    service().async_publish(
        alice, {.event_type = "order.created", .payload = "{}"},
        [](const Result<PublishReceipt>&) { throw std::runtime_error("late"); });
    settle();
    CHECK(log->has_logged("late"));
    service().async_publish(alice, {.event_type = "nonsense", .payload = ""},
                            [](const Result<PublishReceipt>&) { throw std::runtime_error("now"); });
    CHECK(log->has_logged("now"));
    service().async_publish_batch(alice, {},
                                  [](const Result<std::vector<PublishReceipt>>&) { throw 7; });
    CHECK(log->has_logged("not a std::exception"));
    CHECK(transport->requests().size() == 1);
}

TEST_CASE_METHOD(ThrowingFixture, "what a transport was doing when it threw is repeated") {
    const EventId id = publish();
    SECTION("start") {
        throwing->in_start = 1;
    }
    SECTION("run, with an attempt in flight") {
        transport->respond([](const OutgoingRequest&) { return std::nullopt; });
        settle();
        REQUIRE(transport->in_flight().size() == 1);
        transport->respond_with_status(200);
        throwing->in_run = 1;
    }
    SECTION("run, and then cancel_all") {
        throwing->in_run = 2;
        throwing->in_cancel_all = 1;
    }
    SECTION("wake") {
        throwing->in_wake = 100;
        publish();
        throwing->in_wake = 0;
    }
    for (int i = 0; i < 5; ++i)
        advance(2s);
    CHECK(is_delivered(id));
    CHECK(event(subscription, id).retry_count == 0);
    CHECK(log->has_logged("Transport threw in "));
}

TEST_CASE_METHOD(ThrowingFixture,
                 "a transport that always throws ends no thread and blocks nothing") {
    throwing->in_run = throwing->in_start = throwing->in_cancel_all = 1'000'000'000;
    service().start().value();
    const EventId id = publish();
    const auto end = std::chrono::steady_clock::now() + 30s;
    while (!log->has_logged("threw in run") && std::chrono::steady_clock::now() < end) {
        std::this_thread::yield();
    }
    CHECK(service().check_ready());
    throwing->in_run = throwing->in_start = throwing->in_cancel_all = 0;
    // A clock that outruns the threads would end each lease before its heartbeat can renew it.
    while (!is_delivered(id) && std::chrono::steady_clock::now() < end) {
        clock->advance(100ms);
        const auto next = std::chrono::steady_clock::now() + 10ms;
        while (!is_delivered(id) && std::chrono::steady_clock::now() < next)
            std::this_thread::yield();
    }
    CHECK(is_delivered(id));
}

TEST_CASE_METHOD(ThrowingFixture, "a storage that throws is unavailable") {
    broken->throws = true;
    CHECK(service().publish(alice, {.event_type = "order.created", .payload = "{}"}).error() ==
          Errc::unavailable);
    CHECK(service().subscriptions(alice).error() == Errc::unavailable);
    CHECK(log->has_logged("Storage threw: thrown by the storage"));
    advance(5s);
    CHECK(service().run_once());
    CHECK(service().check_ready().error() == Errc::unavailable);
    broken->throws = false;
    advance(5s);
    CHECK(service().check_ready());
    const EventId id = publish();
    settle();
    CHECK(is_delivered(id));
}

TEST_CASE_METHOD(ThrowingFixture, "if a clock throws, its latest time counts") {
    wrong->throws = true;
    const EventId id = publish();
    settle();
    CHECK(is_delivered(id));
    CHECK(log->has_logged("Clock threw: thrown by the clock"));
    wrong->throws = false;
    settle();
    CHECK(service().check_ready());
}

TEST_CASE_METHOD(ThrowingFixture, "if the clock of a storage throws, its latest time counts") {
    const auto own = make_memory_storage(wrong);
    const ApiKeyRecord first =
        own->insert_api_key(alice, {.hash = "1", .user_id = "alice"}).value();
    wrong->throws = true;
    clock->advance(5s);
    CHECK(own->insert_api_key(alice, {.hash = "2", .user_id = "alice"}).value().created_at ==
          first.created_at);
    CHECK(make_memory_storage(wrong));
}

TEST_CASE_METHOD(ThrowingFixture, "keys and sessions whose storage throws return an error") {
    const auto store = std::make_shared<AlwaysThrowingStorage>(storage);
    ApiKeys keys(store);
    const Secret key("a-key-of-enough-length");
    CHECK(keys.create(alice).error() == Errc::internal);
    CHECK(keys.create(alice, {.name = "key"}).error() == Errc::internal);
    CHECK(keys.add(alice, key).error() == Errc::internal);
    CHECK(keys.authenticate(key.reveal()).error() == Errc::internal);
    CHECK(keys.list().error() == Errc::internal);
    CHECK(keys.list(alice).error() == Errc::internal);
    CHECK(keys.revoke({1}).error() == Errc::internal);
    CHECK(keys.revoke(alice, {1}).error() == Errc::internal);
    PortalSessions sessions(store);
    const Principal caller = alice.identified_by({.kind = Credential::Kind::portal, .id = "1"});
    CHECK(sessions.create(admin, {.user_id = "alice"}).error() == Errc::internal);
    CHECK(sessions.start("code").error() == Errc::internal);
    CHECK(sessions.authenticate("whp_token").error() == Errc::internal);
    CHECK(sessions.revoke(admin, {1}).error() == Errc::internal);
    CHECK(sessions.revoke_all(admin, "alice").error() == Errc::internal);
    CHECK(sessions.end(caller).error() == Errc::internal);
}

TEST_CASE_METHOD(ThrowingFixture, "keys and sessions whose clock throws return an error") {
    wrong->throws = true;
    ApiKeys keys(storage, wrong);
    CHECK(keys.create(alice, {.name = "key"}).error() == Errc::internal);
    CHECK(PortalSessions(storage, wrong).create(admin, {.user_id = "alice"}).error() ==
          Errc::internal);
}

}  // namespace webhooks::testing
