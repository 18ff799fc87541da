#include <delivery/fair_scheduler.hpp>
#include <support/catch.hpp>

namespace webhooks::delivery {
namespace {

using namespace std::chrono_literals;

constexpr SteadyTime first_turn{1000s};

/// Queues with numbered events, and a loop that takes turns.
struct Queues {
    explicit Queues(std::size_t slots = 1000, std::size_t host_slots = 100)
        : scheduler(slots, host_slots) {}

    /// A queue whose endpoint answers well.
    SubscriptionQueue& queue(const std::string& host, std::vector<std::int64_t> events,
                             const std::string& owner = {}) {
        SubscriptionQueue& made = *queues.emplace_back(
            std::make_unique<SubscriptionQueue>(QueueKey{.subscription = {++last_subscription}}));
        scheduler.assign_host(made, host, owner);
        made.schedule.host()->limit = 100;
        made.health.has_succeeded = true;
        for (const std::int64_t event : events) {
            made.events.push_back({.event = {.id = {event}, .message = {}}, .since = first_turn});
        }
        scheduler.reschedule(made, now);
        return made;
    }

    /// Starts everything that may start. @return the events in the order of their turns
    std::vector<std::int64_t> begin_all() {
        std::vector<std::int64_t> order;
        while (SubscriptionQueue* queue = scheduler.next()) {
            order.push_back(queue->events.front().event.id.value);
            queue->events.pop_front();
            in_flight.emplace_back(queue, scheduler.begin(*queue));
            scheduler.reschedule(*queue, now);
        }
        return order;
    }

    void finish_first() {
        const auto [queue, slot] = in_flight.front();
        in_flight.erase(in_flight.begin());
        scheduler.end(slot);
        scheduler.reschedule(*queue, now);
    }

    SteadyTime now = first_turn;
    FairScheduler scheduler;
    std::int64_t last_subscription = 0;
    std::vector<std::unique_ptr<SubscriptionQueue>> queues;
    std::vector<std::pair<SubscriptionQueue*, FairScheduler::Slot>> in_flight;
};

using Events = std::vector<std::int64_t>;

}  // namespace

TEST_CASE("scheduling is round-robin over hosts, then over the subscriptions of a host") {
    Queues queues;
    queues.queue("a", {1, 2, 3});
    queues.queue("a", {4});
    queues.queue("b", {5});
    queues.queue("c", {6});
    CHECK(queues.begin_all() == Events{1, 5, 6, 4, 2, 3});
}

TEST_CASE("a host at its limit waits for one of its requests to finish, others continue") {
    Queues queues;
    queues.queue("slow", {1, 2, 3, 4}).schedule.host()->limit = 2;
    queues.queue("fast", {5});
    CHECK(queues.begin_all() == Events{1, 5, 2});
    queues.finish_first();
    CHECK(queues.begin_all() == Events{3});
    CHECK(queues.begin_all().empty());
}

TEST_CASE(
    "a host begins with one request, each response doubles its limit and each missing one halves "
    "it") {
    Queues queues(1000, 16);
    SubscriptionQueue& queue = queues.queue("a", {1});
    Host& host = *queue.schedule.host();
    host.limit = 1;
    queues.begin_all();
    const FairScheduler::Slot slot = queues.in_flight.front().second;
    for (const std::size_t limit : {2, 4, 8, 16, 16}) {
        queues.scheduler.adjust_limit(slot, true);
        CHECK(host.limit == limit);
    }
    for (const std::size_t limit : {8, 4, 2, 1, 1}) {
        queues.scheduler.adjust_limit(slot, false);
        CHECK(host.limit == limit);
    }
}

TEST_CASE(
    "failing endpoints take a quarter of the slots, unproven ones a half, proven ones the rest") {
    Queues queues(8, 100);
    for (int i = 0; i < 20; ++i) {
        SubscriptionQueue& failing = queues.queue("f" + std::to_string(i), {100 + i});
        failing.health.failures_in_row = 3;
        queues.scheduler.reschedule(failing, queues.now);
        SubscriptionQueue& unknown = queues.queue("u" + std::to_string(i), {200 + i});
        unknown.health.has_succeeded = false;
        queues.scheduler.reschedule(unknown, queues.now);
    }
    const Events began = queues.begin_all();
    CHECK(std::ranges::count_if(began, [](auto event) { return event < 200; }) == 2);
    CHECK(std::ranges::count_if(began, [](auto event) { return event >= 200; }) == 4);
    queues.queue("good", {1, 2, 3, 4});
    CHECK(queues.begin_all() == Events{1, 2});
}

TEST_CASE("endpoints that have just failed take turns among themselves, not with the others") {
    Queues queues;
    for (int i = 0; i < 20; ++i) {
        SubscriptionQueue& shaky = queues.queue("s" + std::to_string(i), {100 + i});
        shaky.health.failures_in_row = 1;
        queues.scheduler.reschedule(shaky, queues.now);
    }
    queues.queue("good", {1, 2, 3});
    const Events began = queues.begin_all();
    CHECK(began.size() == 23);
    CHECK(Events(began.begin(), began.begin() + 6) == Events{100, 1, 101, 2, 102, 3});
}

TEST_CASE("of queues that open at the same time the one that was blocked first is the first") {
    Queues queues;
    std::vector<SubscriptionQueue*> blocked;
    for (int i = 0; i < 20; ++i) {
        blocked.insert(blocked.begin() + i / 2, &queues.queue("a", {i}));
    }
    for (SubscriptionQueue* queue : blocked) {
        pause(queue->health, 1s, queues.now);
        queues.scheduler.reschedule(*queue, queues.now);
    }
    for (const SubscriptionQueue* queue : blocked) {
        CHECK(queues.scheduler.pop_ready(queues.now + 1s) == queue);
    }
    CHECK(queues.scheduler.pop_ready(queues.now + 1s) == nullptr);
}

TEST_CASE("a blocked queue waits for its time and delays no other, not even of its host") {
    Queues queues;
    SubscriptionQueue& blocked = queues.queue("a", {1});
    queues.queue("a", {2});
    pause(blocked.health, 5s, queues.now);
    queues.scheduler.reschedule(blocked, queues.now);
    CHECK(queues.begin_all() == Events{2});
    CHECK(queues.scheduler.next_wakeup() == first_turn + 5s);
    CHECK(queues.scheduler.pop_ready(first_turn + 5s - 1us) == nullptr);
    queues.now += 5s;
    REQUIRE(queues.scheduler.pop_ready(queues.now) == &blocked);
    queues.scheduler.reschedule(blocked, queues.now);
    CHECK(queues.begin_all() == Events{1});
    CHECK_FALSE(queues.scheduler.next_wakeup());
}

TEST_CASE("an open breaker lets one request at a time through") {
    Queues queues;
    SubscriptionQueue& queue = queues.queue("a", {1, 2, 3});
    pause(queue.health, 0s, queues.now);
    queues.scheduler.reschedule(queue, queues.now);
    CHECK(queues.begin_all() == Events{1});
    queues.finish_first();
    CHECK(queues.begin_all() == Events{2});
    note_success(queue.health, queues.now);
    queues.scheduler.reschedule(queue, queues.now);
    CHECK(queues.begin_all() == Events{3});
}

TEST_CASE("a queue that moves to another host leaves nothing behind") {
    Queues queues;
    SubscriptionQueue& queue = queues.queue("old", {1, 2});
    queue.schedule.host()->limit = 1;
    CHECK(queues.begin_all() == Events{1});
    queues.scheduler.assign_host(queue, "new");
    queues.scheduler.reschedule(queue, queues.now);
    CHECK(queues.begin_all() == Events{2});
    queues.finish_first();
    queues.finish_first();
    queues.scheduler.remove(queue);
    CHECK(queues.scheduler.next() == nullptr);
}

TEST_CASE("forgotten requests hold no slot") {
    Queues queues(2, 100);
    SubscriptionQueue& queue = queues.queue("a", {1, 2, 3, 4});
    CHECK(queues.begin_all() == Events{1, 2});
    queues.scheduler.end_all();
    FairScheduler::forget_requests(queue);
    queues.scheduler.reschedule(queue, queues.now);
    CHECK(queues.begin_all() == Events{3, 4});
}

TEST_CASE("one user's endpoints, however many and slow, leave slots to the others") {
    Queues queues(16, 100);
    for (int i = 0; i < 100; ++i) {
        queues.queue("slow" + std::to_string(i), {1000 + i, 2000 + i}, "hog");
    }
    const std::size_t hog = queues.begin_all().size();
    CHECK(hog == 12);
    queues.queue("a", {1}, "alice");
    queues.queue("b", {2}, "bob");
    CHECK(queues.begin_all() == Events{1, 2});

    // As requests of others end, the user's share grows again, and each of its events is sent.
    std::size_t sent = 0;
    while (!queues.in_flight.empty()) {
        queues.finish_first();
        sent += queues.begin_all().size();
    }
    CHECK(hog + sent == 200);
}

TEST_CASE("a user's endpoints that never succeeded leave slots to those of others") {
    Queues queues(16, 100);
    for (int i = 0; i < 100; ++i) {
        SubscriptionQueue& queue = queues.queue("new" + std::to_string(i), {1000 + i}, "hog");
        queue.health.has_succeeded = false;
        queues.scheduler.reschedule(queue, queues.now);
    }
    CHECK(queues.begin_all().size() == 6);
    SubscriptionQueue& queue = queues.queue("a", {1}, "alice");
    queue.health.has_succeeded = false;
    queues.scheduler.reschedule(queue, queues.now);
    CHECK(queues.begin_all() == Events{1});
}

}  // namespace webhooks::delivery
