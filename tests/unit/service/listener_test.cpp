// How a service reacts to notifications of its storage.

#include <chrono>
#include <thread>
#include <unit/service/fixture.hpp>
#include <webhooks/forwarding_storage.hpp>

namespace webhooks::testing {
namespace {

using namespace std::chrono_literals;

/// Stores the callback that it is given.
class CallingStorage final : public ForwardingStorage {
public:
    using ForwardingStorage::ForwardingStorage;

    /// As on a thread of storage, a last call may still run when the listener is removed.
    void set_listener(std::function<void()> listener) override {
        if (call && !listener && before_removal) before_removal();
        call = std::move(listener);
    }
    /// The call may replace what is called.
    void notify() {
        const std::function<void()> now = call;
        now();
    }

    std::function<void()> call;
    std::function<void()> before_removal;
};

struct CalledFixture : ServiceFixture {
    const std::shared_ptr<Storage> shared = storage;
    std::shared_ptr<CallingStorage> calling = std::make_shared<CallingStorage>(shared);

    CalledFixture() {
        running.reset();
        storage = calling;
        open();
        settle();
    }
};

}  // namespace

TEST_CASE_METHOD(CalledFixture,
                 "a notification from storage brings others' changes before the heartbeat") {
    shared->upsert_event_type({"new.type", "made elsewhere"}).value();
    const auto count = [&] { return service().event_types().value().size(); };
    const std::size_t before = count();
    settle();
    CHECK(count() == before);
    calling->call();
    settle();
    CHECK(count() == before + 1);
}

TEST_CASE_METHOD(CalledFixture, "a notification from storage brings what others have made due") {
    const SubscriptionId id = subscribe().id;
    const EventId event = publish();
    settle();
    REQUIRE(transport->requests().size() == 1);
    shared->reopen_event(alice, id, event).value();
    settle();
    CHECK(transport->requests().size() == 1);
    calling->call();
    settle();
    CHECK(transport->requests().size() == 2);
}

TEST_CASE_METHOD(CalledFixture,
                 "a service that was destroyed, stopped or abandoned is not notified") {
    SECTION("destroyed") {
        running.reset();
    }
    SECTION("stopped") {
        service().stop(0s).value();
    }
    SECTION("abandoned") {
        service().abandon().value();
    }
    CHECK_FALSE(calling->call);
}

TEST_CASE_METHOD(CalledFixture, "the last notification of a destroyed service finds it whole") {
    const auto token = std::make_shared<int>();
    int calls = 0;
    service().set_wake_callback([token, &calls] { ++calls; }).value();
    calling->before_removal = [&] {
        REQUIRE(token.use_count() == 2);
        std::thread([&] { calling->notify(); }).join();
    };
    CHECK(calls == 0);
    running.reset();
    CHECK(calls == 1);
    CHECK(token.use_count() == 1);
}

TEST_CASE_METHOD(CalledFixture,
                 "a wake callback that a notification calls may destroy the service") {
    bool was_called = false;
    service()
        .set_wake_callback([&] {
            was_called = true;
            CHECK(service().stop(0s).error() == Errc::invalid_state);
            CHECK(service().run_once().error() == Errc::invalid_state);
            running.reset();
        })
        .value();
    calling->notify();
    CHECK(was_called);
    CHECK_FALSE(calling->call);
}

}  // namespace webhooks::testing
