#include <future>
#include <unit/service/fixture.hpp>

namespace webhooks::testing {
namespace {

using namespace std::chrono_literals;

const Publication an_order{.event_type = "order.created", .payload = "{}"};

/// Calls what it is told to, wherever the service calls it.
struct CallingObserver final : Observer {
    void on_published(std::size_t /*events*/) override { call(published); }
    void on_attempt(const AttemptReport& /*report*/) override { call(attempted); }

    static void call(std::function<void()>& once) {
        if (const auto callback = std::exchange(once, nullptr)) callback();
    }

    std::function<void()> published;
    std::function<void()> attempted;
};

struct CallbackFixture : ServiceFixture {
    std::shared_ptr<CallingObserver> calls = std::make_shared<CallingObserver>();
    SubscriptionId subscription{};

    CallbackFixture() {
        observer = calls;
        running.reset();
        open();
        subscription = subscribe().id;
    }

    /// The calls that would wait for the thread that they are made on.
    void check_that_nothing_waits() {
        CHECK(service().publish(alice, an_order).error() == Errc::invalid_state);
        CHECK(service().publish(alice, an_order).error().detail().find("async_publish") !=
              std::string::npos);
        CHECK(service().publish_batch(alice, {an_order}).error() == Errc::invalid_state);
        CHECK(service().send_test_event(alice, subscription).error() == Errc::invalid_state);
        CHECK(service().run_once().error() == Errc::invalid_state);
        CHECK(service().start().error() == Errc::invalid_state);
        CHECK(service().stop(10s).error() == Errc::invalid_state);
    }
    /// The calls that would not.
    void check_that_the_rest_works() {
        CHECK(service().subscription(alice, subscription));
        CHECK(service().register_event_type({.name = "a.b", .description = ""}));
        CHECK(service().events(alice, subscription));
        service().async_publish(alice, an_order, [](const Result<PublishReceipt>&) {});
    }
    void check_calls() {
        check_that_nothing_waits();
        check_that_the_rest_works();
    }
    std::int64_t events() {
        return service().events(alice, subscription, {.take = 0}).value().total.value();
    }
};

/// Signals that a thread has done something.
struct Signal {
    void wait() { REQUIRE(future.wait_for(30s) == std::future_status::ready); }
    std::promise<void> promise;
    std::future<void> future = promise.get_future();
};

}  // namespace

TEST_CASE_METHOD(CallbackFixture, "inside run_once a callback cannot call what would wait") {
    bool is_called = false;
    SECTION("a completion") {
        service().async_publish(alice, an_order, [&](const Result<PublishReceipt>&) {
            is_called = true;
            check_calls();
        });
    }
    SECTION("an observer of commits") {
        calls->published = [&] {
            is_called = true;
            check_calls();
        };
        service().async_publish(alice, an_order, [](const Result<PublishReceipt>&) {});
    }
    SECTION("an observer of attempts") {
        calls->attempted = [&] {
            is_called = true;
            check_calls();
        };
        service().async_publish(alice, an_order, [](const Result<PublishReceipt>&) {});
    }
    SECTION("a transport") {
        transport->respond([&](const OutgoingRequest&) {
            if (!std::exchange(is_called, true)) check_that_nothing_waits();
            return TransportAnswer{.kind = TransportAnswer::Kind::answered, .status_code = 200};
        });
        service().async_publish(alice, an_order, [](const Result<PublishReceipt>&) {});
        service().async_publish(alice, an_order, [](const Result<PublishReceipt>&) {});
    }
    settle();
    CHECK(is_called);
    CHECK(events() == 2);
}

TEST_CASE_METHOD(CallbackFixture,
                 "on the service's threads a callback cannot call what would wait") {
    Signal signal;
    const auto callback = [&] {
        check_calls();
        signal.promise.set_value();
    };
    SECTION("a completion") {
        service().start().value();
        service().async_publish(alice, an_order,
                                [&](const Result<PublishReceipt>&) { callback(); });
    }
    SECTION("an observer of attempts") {
        calls->attempted = callback;
        service().start().value();
        service().publish(alice, an_order).value();
    }
    signal.wait();
    service().stop(30s).value();
    CHECK(events() == 2);
}

TEST_CASE_METHOD(CallbackFixture, "inside a publish that commits by itself, and inside stop, too") {
    bool is_called = false;
    calls->published = [&] {
        is_called = true;
        check_that_nothing_waits();
    };
    SECTION("publish") {
        CHECK(service().publish(alice, an_order));
    }
    SECTION("stop") {
        service().async_publish(alice, an_order, [](const Result<PublishReceipt>&) {});
        CHECK(service().stop(0s));
    }
    CHECK(is_called);
}

TEST_CASE_METHOD(CallbackFixture, "a completion that is called at once may publish") {
    bool is_called = false;
    service().async_publish(alice, {.event_type = "nonsense", .payload = ""},
                            [&](const Result<PublishReceipt>& receipt) {
                                is_called = true;
                                CHECK(receipt.error() == Errc::invalid_argument);
                                CHECK(service().publish(alice, an_order));
                            });
    CHECK(is_called);
}

TEST_CASE_METHOD(CallbackFixture, "a callback of one service may wait for another service") {
    ServiceFixture other;
    other.subscribe();
    bool is_called = false;
    calls->attempted = [&] {
        is_called = true;
        CHECK(other.service().publish(alice, an_order));
        other.settle();
    };
    service().publish(alice, an_order).value();
    settle();
    CHECK(is_called);
    CHECK(other.transport->requests().size() == 1);
}

TEST_CASE_METHOD(CallbackFixture, "a service that a callback destroys ends after the callback") {
    Signal destroyed;
    const auto destroy = [&] {
        running.reset();
        destroyed.promise.set_value();
    };
    SECTION("inside run_once") {
        service().async_publish(alice, an_order, [&](const Result<PublishReceipt>&) { destroy(); });
        CHECK(service().run_once());
    }
    SECTION("inside an attempt of run_once") {
        calls->attempted = destroy;
        service().publish(alice, an_order).value();
        CHECK(service().run_once());
    }
    SECTION("inside stop") {
        service().async_publish(alice, an_order, [&](const Result<PublishReceipt>&) { destroy(); });
        CHECK(service().stop(0s));
    }
    SECTION("on the storage thread") {
        service().start().value();
        service().async_publish(alice, an_order, [&](const Result<PublishReceipt>&) { destroy(); });
    }
    SECTION("on the delivery thread") {
        calls->attempted = destroy;
        service().start().value();
        service().publish(alice, an_order).value();
    }
    destroyed.wait();
    // All of the service's objects are released, on any thread, once it has ended.
    const std::weak_ptr<Transport> rest = std::exchange(transport, nullptr);
    const auto end = std::chrono::steady_clock::now() + 30s;
    while (!rest.expired() && std::chrono::steady_clock::now() < end)
        std::this_thread::yield();
    CHECK(rest.expired());
    // It has returned its events: another service delivers them.
    transport = std::make_shared<FakeTransport>();
    open();
    settle();
    CHECK(event(subscription, service().events(alice, subscription).value().items.at(0).id)
              .is_success);
}

TEST_CASE_METHOD(ServiceFixture, "a moved-from service says that it was moved from") {
    WebhookService moved = std::move(service());
    CHECK(moved.event_types().value().size() == 3 + operational_event_types().size());
    WebhookService& empty = service();
    CHECK(empty.publish(alice, an_order).error() == Errc::invalid_state);
    CHECK(empty.publish_batch(alice, {an_order}).error() == Errc::invalid_state);
    CHECK(empty.create_subscription(alice, {}).error() == Errc::invalid_state);
    CHECK(empty.subscription(alice, {1}).error() == Errc::invalid_state);
    CHECK(empty.event_types().error() == Errc::invalid_state);
    CHECK(empty.start().error() == Errc::invalid_state);
    CHECK(empty.run_once().error() == Errc::invalid_state);
    CHECK(empty.stop(0s).error() == Errc::invalid_state);
    CHECK(empty.check_ready().error() == Errc::invalid_state);
    CHECK(empty.options().max_in_flight == ServiceOptions().max_in_flight);
    std::optional<Result<PublishReceipt>> receipt;
    empty.async_publish(alice, an_order,
                        [&](Result<PublishReceipt> answer) { receipt = std::move(answer); });
    CHECK(receipt.value().error() == Errc::invalid_state);
    empty = std::move(moved);
    CHECK(empty.event_types().value().size() == 3 + operational_event_types().size());
}

}  // namespace webhooks::testing
