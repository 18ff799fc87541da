#include <unit/service/storage_parts.hpp>

namespace webhooks::service {
namespace {

struct PendingWorkFixture {
    static Submission submission() {
        Submission made;
        made.publications.push_back({.message = std::make_shared<Message>(Message{
                                         .event_type = "order.created",
                                         .content_type = "application/json",
                                         .payload = std::make_shared<const std::string>("{}")})});
        return made;
    }
    Result<> submit() {
        Submission made = submission();
        return pending.submit(made);
    }
    static delivery::Results results(std::size_t attempts) {
        delivery::Results made;
        made.batch.attempts.resize(attempts);
        return made;
    }

    ServiceOptions options;
    delivery::MemoryBudget budget{options};
    int notified = 0;
    PendingWork pending{options, budget, [this] { ++notified; }};
};

}  // namespace

TEST_CASE_METHOD(PendingWorkFixture, "what is handed over wakes the loop at once") {
    pending.take_requests();
    pending.set_wake_at(SteadyTime(1000s), false);
    CHECK(pending.wake_at() == SteadyTime(1000s));
    SECTION("a submission") {
        REQUIRE(submit());
    }
    SECTION("results") {
        REQUIRE(pending.record(0, results(1)));
    }
    SECTION("a request") {
        pending.request(StorageRequest::claim);
    }
    CHECK(pending.wake_at() == SteadyTime::min());
    CHECK(notified == 1);
}

TEST_CASE_METHOD(PendingWorkFixture, "while storage is not called only submissions wake the loop") {
    pending.take_requests();
    pending.set_wake_at(SteadyTime(1000s), true);
    REQUIRE(pending.record(0, results(1)));
    pending.request(StorageRequest::claim);
    CHECK(pending.wake_at() == SteadyTime(1000s));
    REQUIRE(submit());
    CHECK(pending.wake_at() == SteadyTime::min());
}

TEST_CASE_METHOD(PendingWorkFixture, "a time in the past is not waited for") {
    pending.take_requests();
    pending.set_wake_at(SteadyTime::min(), false);
    pending.wait(SteadyTime(1000s));
    pending.stop_waiting();
    pending.set_wake_at(SteadyTime::max(), false);
    pending.wait(SteadyTime(1000s));
}

TEST_CASE_METHOD(PendingWorkFixture, "requests are taken once, and maintenance is one at first") {
    const PendingWork::Arrived first = pending.take_requests();
    CHECK(first.has_request(StorageRequest::maintain));
    CHECK_FALSE(first.has_request(StorageRequest::heartbeat));
    pending.request(StorageRequest::heartbeat);
    REQUIRE(submit());
    const PendingWork::Arrived second = pending.take_requests();
    CHECK(second.has_request(StorageRequest::heartbeat));
    CHECK_FALSE(second.has_request(StorageRequest::maintain));
    CHECK(second.has_submissions);
    CHECK_FALSE(second.has_results);
    const PendingWork::Arrived third = pending.take_requests();
    CHECK_FALSE(third.has_request(StorageRequest::heartbeat));
    CHECK(third.has_submissions);
}

TEST_CASE_METHOD(PendingWorkFixture, "results of an earlier identity are dropped") {
    REQUIRE(pending.record(0, results(2)));
    const PendingWork::Epoch epoch = pending.begin_epoch();
    CHECK(epoch.number == 1);
    CHECK(epoch.dropped_attempts == 2);
    CHECK_FALSE(pending.record(0, results(1)));
    CHECK(pending.record(1, results(1)));
    StorageWork work;
    pending.take(work);
    CHECK(work.results.batch.attempts.size() == 1);
}

TEST_CASE_METHOD(PendingWorkFixture, "delivery waits while too many results are not written") {
    CHECK(pending.has_room_for_results());
    REQUIRE(pending.record(0, results(4999)));
    CHECK(pending.has_room_for_results());
    REQUIRE(pending.record(0, results(1)));
    CHECK_FALSE(pending.has_room_for_results());
    StorageWork work;
    pending.take(work);
    CHECK(pending.has_room_for_results());
}

TEST_CASE_METHOD(PendingWorkFixture,
                 "after the end nothing new is accepted, and what waits remains") {
    REQUIRE(submit());
    pending.reject_new();
    CHECK(submit().error() == Errc::stopped);
    CHECK(pending.submissions() == 1);
    CHECK(pending.take_one());
    CHECK_FALSE(pending.take_one());
}

}  // namespace webhooks::service
