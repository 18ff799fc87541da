#include <memory>
#include <service/inbox.hpp>
#include <string>
#include <support/catch.hpp>

namespace webhooks::service {
namespace {

struct InboxFixture {
    static HeldEvent event(std::int64_t id, std::size_t bytes = 10) {
        Message message;
        message.payload = std::make_shared<const std::string>(bytes, 'x');
        return {.id = {id}, .message = std::make_shared<const Message>(std::move(message))};
    }
    static delivery::Results released(std::size_t events, std::size_t bytes) {
        delivery::Results results;
        results.released_events = events;
        results.released_bytes = bytes;
        return results;
    }

    /// Room for this many events of ten bytes, as the budget shares it out.
    std::size_t room() const { return budget.room_for_claim().events_of_any_size(); }

    const ServiceOptions options{};
    delivery::MemoryBudget budget{options};
    int wakes = 0;
    Inbox inbox{budget, [this] { ++wakes; }};
};

}  // namespace

TEST_CASE_METHOD(InboxFixture, "what was added is taken once, in order") {
    inbox.begin_epoch(1);
    inbox.deliver({event(1), event(2)});
    inbox.deliver({event(3)});
    inbox.refill({.subscription = {7}, .count = 5}, {event(4)});
    inbox.cancel({.subscription = {7}, .event = {2}});
    CHECK_FALSE(inbox.is_empty(1));
    const Inbox::Contents taken = inbox.take();
    CHECK(taken.epoch == 1);
    REQUIRE(taken.events.size() == 3);
    CHECK(taken.events[2].id == EventId{3});
    REQUIRE(taken.refills.size() == 1);
    CHECK(taken.refills.front().request.subscription == SubscriptionId{7});
    CHECK(taken.refills.front().events.size() == 1);
    REQUIRE(taken.cancellations.size() == 1);
    CHECK(taken.cancellations.front().event == EventId{2});
    CHECK(inbox.is_empty(1));
    CHECK(inbox.take().size() == 0);
}

TEST_CASE_METHOD(InboxFixture, "each item wakes delivery, and nothing does not") {
    inbox.deliver({});
    CHECK(wakes == 0);
    inbox.deliver({event(1)});
    inbox.refill({.subscription = {7}, .count = 5}, {});
    inbox.cancel({.subscription = {7}, .event = {1}});
    inbox.begin_epoch(2);
    CHECK(wakes == 4);
}

TEST_CASE_METHOD(InboxFixture, "events use memory until delivery releases them") {
    inbox.begin_epoch(1);
    const std::size_t all = room();
    inbox.deliver({event(1), event(2)});
    inbox.refill({.subscription = {7}, .count = 1}, {event(3)});
    const std::size_t less = room();
    CHECK(less < all);
    inbox.take();
    CHECK(room() == less);
    inbox.release(1, released(3, 30));
    CHECK(room() == all);
}

TEST_CASE_METHOD(InboxFixture, "a new identity voids what was added, and its releases") {
    inbox.begin_epoch(1);
    const std::size_t all = room();
    inbox.deliver({event(1), event(2)});
    inbox.begin_epoch(2);
    CHECK(room() == all);
    CHECK_FALSE(inbox.is_empty(1));
    CHECK(inbox.is_empty(2));
    CHECK(inbox.take().size() == 0);
    inbox.deliver({event(3)});
    const std::size_t less = room();
    inbox.release(1, released(2, 20));
    CHECK(room() == less);
}

}  // namespace webhooks::service
