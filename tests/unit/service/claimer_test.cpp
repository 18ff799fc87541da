#include <unit/service/storage_parts.hpp>

namespace webhooks::service {
namespace {

using Fault = FaultyStorage::Fault;

struct ClaimerFixture : StoragePartsFixture {
    explicit ClaimerFixture(ServiceOptions options = {}) : StoragePartsFixture(options) {}

    /// Events that wait in storage for any worker.
    void publish_due(int count, std::chrono::seconds delay = 0s) {
        for (int i = 0; i < count; ++i) {
            publish(parts.clock.now() + delay);
        }
        while (parts.writer.write_pending() > 0) {
        }
    }
    /// Events that delivery has reserved.
    void defer(int count) {
        for (int i = 0; i < count; ++i) {
            publish();
        }
        while (parts.writer.write_pending() > 0) {
        }
        delivery::Results results;
        for (const EventId event : delivered()) {
            results.batch.custody_changes.push_back({.event = event,
                                                     .subscription = subscription,
                                                     .due = parts.clock.now(),
                                                     .custody = Custody::reserved});
            ++results.released_events;
        }
        parts.inbox.release(1, results);
        REQUIRE(parts.pending.record(1, std::move(results)));
        parts.writer.write_pending();
    }
    std::size_t refilled() {
        std::size_t events = 0;
        for (const Inbox::Refill& refill : parts.inbox.take().refills) {
            events += refill.events.size();
        }
        return events;
    }
};

struct LittleMemory : ClaimerFixture {
    LittleMemory() : ClaimerFixture({.max_events_in_memory = 8}) {}
};

/// Two events each.
struct SmallClaims : ClaimerFixture {
    SmallClaims() : ClaimerFixture({.max_events_in_memory = 16, .max_batch = 1}) {}
};

}  // namespace

TEST_CASE_METHOD(ClaimerFixture, "events are claimed when they are due") {
    CHECK_FALSE(parts.claimer.ready_at());
    CHECK(parts.claimer.claim_due() == 0);
    publish_due(2, 10s);
    CHECK(parts.claimer.ready_at() == clock->steady_now() + 10s);
    CHECK(parts.claimer.claim_due() == 0);
    CHECK(parts.storage->calls(Call::claim) == 0);
    clock->advance(10s);
    CHECK(parts.claimer.claim_due() == 2);
    CHECK(delivered().size() == 2);
    CHECK_FALSE(parts.claimer.ready_at());
}

TEST_CASE_METHOD(LittleMemory, "no more is claimed than three quarters of the memory hold") {
    publish_due(10);
    CHECK(parts.claimer.claim_due() == 6);
    CHECK_FALSE(parts.claimer.ready_at());
    CHECK(parts.claimer.claim_due() == 0);
    CHECK(parts.storage->calls(Call::claim) == 1);
    parts.inbox.release(1, attempt(subscription, delivered().front()));
    CHECK(parts.claimer.ready_at() == clock->steady_now());
    CHECK(parts.claimer.claim_due() == 1);
}

TEST_CASE_METHOD(SmallClaims, "a backlog is claimed a few claims ahead of delivery") {
    publish_due(20);
    std::size_t claimed = 0;
    while (const std::size_t events = parts.claimer.claim_due()) {
        claimed += events;
    }
    CHECK(claimed == 4);
    CHECK(parts.claimer.ready_at() == clock->steady_now() + ClaimPace::longest_pause);
    SECTION("while that gets rid of them") {
        parts.inbox.release(1, attempt(subscription, delivered().front()));
        CHECK(parts.claimer.ready_at() == clock->steady_now());
        CHECK(parts.claimer.claim_due() == 2);
        CHECK(parts.claimer.claim_due() == 0);
    }
    SECTION("and of what stays there") {
        clock->advance(ClaimPace::longest_pause);
        for (int claim = 0; claim < 2; ++claim) {
            CHECK(parts.claimer.claim_due() == 2);
        }
        CHECK(parts.claimer.claim_due() == 0);
    }
}

TEST_CASE_METHOD(ClaimerFixture, "a claim whose result was lost is undone before the next one") {
    publish_due(2);
    parts.break_next(Call::claim, Fault::answer_lost);
    CHECK(parts.claimer.claim_due() == 0);
    CHECK(parts.claimer.ready_at() == SteadyTime::min());
    parts.break_next(Call::unclaim);
    CHECK(parts.claimer.claim_due() == 0);
    CHECK(parts.storage->calls(Call::claim) == 1);
    // Until delivery has returned what is behind others, a claim might take it again.
    CHECK(parts.claimer.claim_due() == 0);
    CHECK(parts.storage->calls(Call::unclaim) == 2);
    CHECK_FALSE(parts.claimer.ready_at());
    CHECK(parts.inbox.take().turns.at(0).returns_all);
    parts.claimer.note_returned_all();
    CHECK(parts.claimer.claim_due() == 2);
    CHECK(delivered().size() == 2);
}

TEST_CASE_METHOD(ClaimerFixture, "events are delivered by subscriptions no older than they are") {
    publish_due(1);
    const SubscriptionId later = subscribe();
    SECTION("which are read first") {
        CHECK(parts.claimer.claim_due() == 1);
        CHECK(parts.index.endpoint(later));
    }
    SECTION("and not without them") {
        parts.break_next(Call::configuration);
        CHECK(parts.claimer.claim_due() == 0);
        CHECK(delivered().empty());
        CHECK(parts.claimer.claim_due() == 0);
        parts.claimer.note_returned_all();
        CHECK(parts.claimer.claim_due() == 1);
    }
}

TEST_CASE_METHOD(ClaimerFixture, "reserved events are read back on request, as many as requested") {
    defer(3);
    CHECK_FALSE(parts.claimer.has_refill_requests());
    parts.claimer.add({{.subscription = subscription, .count = 2}});
    CHECK(parts.claimer.has_refill_requests());
    CHECK(parts.claimer.serve_refill_requests() == 1);
    CHECK(refilled() == 2);
    CHECK_FALSE(parts.claimer.has_refill_requests());
}

TEST_CASE_METHOD(ClaimerFixture, "events of a request whose result was lost are claimed again") {
    defer(1);
    parts.claimer.add({{.subscription = subscription, .count = 1}});
    parts.break_next(Call::claim_reserved, Fault::answer_lost);
    CHECK(parts.claimer.serve_refill_requests() == 0);
    CHECK(parts.claimer.has_refill_requests());
    CHECK(parts.claimer.serve_refill_requests() == 1);
    CHECK(parts.storage->calls(Call::unclaim) == 1);
    CHECK(refilled() == 0);
    parts.claimer.note_returned_all();
    CHECK(parts.claimer.claim_due() == 1);
}

TEST_CASE_METHOD(LittleMemory, "requests for reserved events wait until there is memory") {
    defer(1);
    publish_due(6);
    REQUIRE(parts.claimer.claim_due() == 6);
    parts.claimer.add({{.subscription = subscription, .count = 1}});
    CHECK_FALSE(parts.claimer.has_refill_requests());
    CHECK(parts.claimer.serve_refill_requests() == 0);
    parts.inbox.release(1, attempt(subscription, delivered().front()));
    CHECK(parts.claimer.has_refill_requests());
    CHECK(parts.claimer.serve_refill_requests() == 1);
}

TEST_CASE_METHOD(ClaimerFixture, "a few requests for reserved events are served at once") {
    for (int i = 0; i < 25; ++i) {
        parts.claimer.add({{.subscription = subscription, .count = 1}});
    }
    CHECK(parts.claimer.serve_refill_requests() == 20);
    CHECK(parts.claimer.serve_refill_requests() == 5);
    parts.claimer.add({{.subscription = subscription, .count = 1}});
    parts.claimer.reset();
    CHECK_FALSE(parts.claimer.has_refill_requests());
}

}  // namespace webhooks::service
