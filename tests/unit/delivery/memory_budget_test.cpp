#include <delivery/memory_budget.hpp>
#include <support/catch.hpp>

namespace webhooks::delivery {
namespace {

/// A memory of 100 events and 1,000 bytes, with payloads of up to 10.
ServiceOptions small_memory() {
    return {.max_events_in_memory = 100,
            .max_payload_bytes_in_memory = 1000,
            .max_publish_queue = 20,
            .max_batch = 50,
            .max_payload_bytes = 10};
}

struct BudgetFixture {
    ServiceOptions options = small_memory();
    MemoryBudget budget{options};
};

}  // namespace

TEST_CASE_METHOD(BudgetFixture, "publications that wait are bounded by number and bytes") {
    CHECK(budget.fits_publish_queue(20, 1000));
    CHECK_FALSE(budget.fits_publish_queue(21, 0));
    CHECK_FALSE(budget.fits_publish_queue(1, 1001));
    budget.hold(100, 1000);
    CHECK(budget.fits_publish_queue(20, 1000));
}

TEST_CASE_METHOD(BudgetFixture, "new publications may fill the memory") {
    CHECK(budget.has_room_for(100, 1000));
    CHECK_FALSE(budget.has_room_for(101, 0));
    CHECK_FALSE(budget.has_room_for(1, 1001));
    budget.hold(60, 100);
    CHECK(budget.has_room_for(40, 900));
    CHECK_FALSE(budget.has_room_for(41, 0));
    CHECK_FALSE(budget.has_room_for(0, 901));
    budget.release(10, 100);
    CHECK(budget.has_room_for(50, 1000));
    budget.release_all();
    CHECK(budget.held_events() == 0);
    CHECK(budget.held_bytes() == 0);
}

TEST_CASE_METHOD(BudgetFixture, "claims leave the last quarter of the memory to publications") {
    CHECK(budget.room_for_claim().events == 75);
    CHECK(budget.room_for_claim().payload_bytes == 750);
    budget.hold(60, 0);
    CHECK(budget.room_for_claim().events == 15);
    budget.hold(15, 0);
    CHECK(budget.room_for_claim().events == 0);
}

TEST_CASE_METHOD(
    BudgetFixture,
    "a claim of unknown sizes counts each payload as the largest, but takes one event") {
    budget.hold(1, 600);
    CHECK(budget.room_for_claim().events_of_any_size() == 15);
    budget.hold(1, 145);
    CHECK(budget.room_for_claim().events_of_any_size() == 1);
    budget.hold(1, 5);
    CHECK(budget.room_for_claim().events == 0);
}

TEST_CASE("claims are two of them ahead of delivery, or a quarter of the memory") {
    ServiceOptions options{.max_events_in_memory = 400, .max_batch = 20};
    CHECK(MemoryBudget(options).claimed_ahead() == 100);
    options.max_batch = 30;
    CHECK(MemoryBudget(options).claimed_ahead() == 120);
}

TEST_CASE_METHOD(BudgetFixture,
                 "queues share half of the memory, and each takes half of the rest") {
    CHECK(budget.shared_room({}) == 50);
    CHECK(budget.shared_room({.events = 20, .requested = 10}) == 20);
    CHECK(budget.shared_room({.events = 60}) == 0);
    CHECK(budget.shared_room({.payload_bytes = 500}) == 50);
    CHECK(budget.shared_room({.payload_bytes = 501}) == 0);
    CHECK(budget.room_in_queue({}, 0, false) == 25);
    CHECK(budget.room_in_queue({.events = 20, .queues = 2}, 10, false) == 5);
    CHECK(budget.room_in_queue({.events = 20, .queues = 2}, 15, false) == 0);
}

TEST_CASE_METHOD(BudgetFixture,
                 "a proven endpoint has a share of a quarter, even if none is free") {
    CHECK(budget.room_in_queue({.events = 60, .queues = 5}, 0, true) == 5);
    CHECK(budget.room_in_queue({.events = 60, .queues = 5}, 3, true) == 2);
    CHECK(budget.room_in_queue({.events = 60, .queues = 5}, 5, true) == 0);
    CHECK(budget.room_in_queue({.events = 60, .queues = 1000}, 0, true) == 1);
    CHECK(budget.room_in_queue({.events = 60, .queues = 5}, 0, false) == 0);
}

TEST_CASE("the guaranteed share of a queue is at most a hundred events") {
    const ServiceOptions options{.max_events_in_memory = 100'000};
    const MemoryBudget budget(options);
    CHECK(budget.room_in_queue({.events = 60'000, .queues = 2}, 0, true) == 100);
}

TEST_CASE("the smallest memory has room for one event in a queue") {
    const ServiceOptions options{.max_events_in_memory = 1};
    const MemoryBudget budget(options);
    CHECK(budget.shared_room({}) == 1);
    CHECK(budget.room_in_queue({}, 0, false) == 1);
}

}  // namespace webhooks::delivery
