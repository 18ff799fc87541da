#include <algorithm>
#include <delivery/fair_queue.hpp>
#include <delivery/low_water.hpp>
#include <support/catch.hpp>

namespace webhooks::delivery {
namespace {

using namespace std::chrono_literals;

HeldEvent event(std::int64_t id, std::int64_t subscription) {
    return {.id = {id}, .subscription = {subscription}, .message = {}};
}

std::vector<std::int64_t> drain(FairQueue& queue) {
    std::vector<std::int64_t> order;
    while (const auto turn = queue.next()) {
        order.push_back(turn->event.id.value);
    }
    return order;
}

}  // namespace

TEST_CASE("turns go round the hosts, then round the subscriptions of a host") {
    FairQueue queue(100);
    for (const std::int64_t id : {1, 2, 3}) {
        queue.push("a", event(id, 10), {});
    }
    queue.push("a", event(4, 11), {});
    queue.push("b", event(5, 20), {});
    queue.push("c", event(6, 30), {});
    CHECK(queue.size() == 6);
    CHECK(drain(queue) == std::vector<std::int64_t>{1, 5, 6, 4, 2, 3});
    CHECK(queue.size() == 0);
}

TEST_CASE("a host at its limit waits for one of its own to finish, others go on") {
    FairQueue queue(2);
    for (const std::int64_t id : {1, 2, 3, 4}) {
        queue.push("slow", event(id, 10), {});
    }
    queue.push("fast", event(5, 20), {});
    CHECK(drain(queue) == std::vector<std::int64_t>{1, 5, 2});
    queue.finished("fast");
    CHECK(drain(queue).empty());
    queue.finished("slow");
    CHECK(drain(queue) == std::vector<std::int64_t>{3});
    queue.push("slow", event(6, 11), {});
    CHECK(drain(queue).empty());
    queue.finished("slow");
    CHECK(drain(queue) == std::vector<std::int64_t>{4});
}

TEST_CASE("what has waited too long is taken out, in whole queues and parts") {
    FairQueue queue(100);
    const SteadyTime start{};
    queue.push("a", event(1, 10), start);
    queue.push("a", event(2, 10), start + 2s);
    queue.push("b", event(3, 20), start);
    std::vector<std::int64_t> taken;
    for (const HeldEvent& old : queue.take_older_than(start + 1s)) {
        taken.push_back(old.id.value);
    }
    std::ranges::sort(taken);
    CHECK(taken == std::vector<std::int64_t>{1, 3});
    CHECK(queue.size() == 1);
    CHECK(drain(queue) == std::vector<std::int64_t>{2});
}

TEST_CASE("one event can be taken out wherever it waits") {
    FairQueue queue(1);
    for (const std::int64_t id : {1, 2, 3}) {
        queue.push("a", event(id, 10), {});
    }
    CHECK(drain(queue) == std::vector<std::int64_t>{1});
    CHECK(queue.take({10}, {2}).value().id == EventId{2});
    CHECK_FALSE(queue.take({10}, {2}));
    CHECK_FALSE(queue.take({11}, {3}));
    CHECK_FALSE(queue.take({10}, {1}));
    queue.finished("a");
    CHECK(drain(queue) == std::vector<std::int64_t>{3});
}

TEST_CASE("after clear, late ends of forgotten requests change nothing") {
    FairQueue queue(1);
    queue.push("a", event(1, 10), {});
    queue.push("a", event(2, 10), {});
    drain(queue);
    queue.clear();
    queue.finished("a");
    queue.push("a", event(3, 10), {});
    queue.push("a", event(4, 10), {});
    CHECK(drain(queue) == std::vector<std::int64_t>{3});
}

TEST_CASE("the low-water mark stands below the first event that is not settled") {
    LowWater mark;
    CHECK(mark.value() == EventId{0});
    mark.add({10}, 3);
    mark.add({20}, 1);
    CHECK(mark.value() == EventId{9});
    mark.settle({11});
    CHECK(mark.value() == EventId{9});
    mark.settle({10});
    CHECK(mark.value() == EventId{11});
    mark.settle({15});
    mark.settle({10});
    CHECK(mark.value() == EventId{11});
    mark.settle({12});
    CHECK(mark.value() == EventId{19});
    mark.settle({20});
    CHECK(mark.value() == EventId{20});
}

}  // namespace webhooks::delivery
