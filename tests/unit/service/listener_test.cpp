// How a service reacts to notifications of its storage.

#include <unit/service/fixture.hpp>
#include <webhooks/forwarding_storage.hpp>

namespace webhooks::testing {
namespace {

/// Stores the callback that it is given.
class CallingStorage final : public ForwardingStorage {
public:
    using ForwardingStorage::ForwardingStorage;

    void set_listener(std::function<void()> listener) override { call = std::move(listener); }
    std::function<void()> call;
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

TEST_CASE_METHOD(CalledFixture, "a destroyed service is not notified") {
    running.reset();
    CHECK_FALSE(calling->call);
}

}  // namespace webhooks::testing
