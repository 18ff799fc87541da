#include <unit/service/storage_parts.hpp>

namespace webhooks::service {
namespace {

/// A worker has held its lease without interruption for as long as others get to come back.
void hold_lease_for_its_length(WorkerParts& worker, testing::ManualClock& clock) {
    for (int i = 0; i < 3; ++i) {
        REQUIRE(worker.identity.heartbeat());
        clock.advance(worker.options.lease / 3 + 1ms);
    }
    REQUIRE(worker.identity.heartbeat());
}

}  // namespace

TEST_CASE_METHOD(StoragePartsFixture, "a heartbeat holds the lease for its length, and no longer") {
    CHECK(parts.identity.holds_lease());
    clock->advance(parts.options.lease - 1us);
    CHECK(parts.identity.holds_lease());
    clock->advance(1us);
    CHECK_FALSE(parts.identity.holds_lease());
    REQUIRE(parts.identity.heartbeat());
    CHECK(parts.identity.holds_lease());
    parts.identity.end_lease();
    CHECK_FALSE(parts.identity.holds_lease());
}

TEST_CASE_METHOD(StoragePartsFixture, "a heartbeat without an answer holds no lease") {
    clock->advance(parts.options.lease);
    parts.break_next(Call::heartbeat, FaultyStorage::Fault::answer_lost);
    CHECK_FALSE(parts.identity.heartbeat());
    CHECK_FALSE(parts.identity.holds_lease());
}

TEST_CASE_METHOD(StoragePartsFixture, "a registered worker holds no lease before its heartbeat") {
    REQUIRE(parts.identity.register_worker());
    CHECK_FALSE(parts.identity.holds_lease());
}

TEST_CASE_METHOD(StoragePartsFixture,
                 "only a worker that has held its lease for its length marks others as expired") {
    WorkerParts other(shared, clock, {});
    other.begin();
    clock->advance(parts.options.lease + 1s);
    REQUIRE(parts.identity.heartbeat());
    REQUIRE(parts.identity.mark_expired());
    CHECK(parts.storage->calls(Call::mark_expired) == 0);
    hold_lease_for_its_length(parts, *clock);
    REQUIRE(parts.identity.mark_expired());
    CHECK(parts.storage->calls(Call::mark_expired) == 1);
    CHECK(other.identity.heartbeat().error() == Errc::fenced);
}

TEST_CASE_METHOD(StoragePartsFixture, "a takeover continues until nothing is left") {
    CHECK_FALSE(parts.identity.is_taking_over());
    WorkerParts other(shared, clock, {});
    other.begin();
    for (int i = 0; i < 1001; ++i) {
        publish();
    }
    while (parts.writer.write_pending() > 0) {
    }
    hold_lease_for_its_length(other, *clock);
    REQUIRE(other.identity.mark_expired());
    CHECK(other.identity.is_taking_over());
    CHECK(other.identity.take_over().value() == 1000);
    CHECK(other.identity.is_taking_over());
    CHECK(other.identity.take_over().value() == 1);
    CHECK_FALSE(other.identity.is_taking_over());
    CHECK(std::ranges::count(other.observer->events, LogEvent::events_taken_over) == 2);
}

TEST_CASE_METHOD(StoragePartsFixture, "a worker that was taken over has retired") {
    REQUIRE(shared->retire_worker(parts.identity.id()));
    CHECK(parts.identity.retire());
    parts.break_next(Call::retire_worker);
    CHECK(parts.identity.retire().error() == Errc::unavailable);
}

TEST_CASE_METHOD(StoragePartsFixture, "a failed call blocks storage, a lost identity does not") {
    CHECK(parts.health.note_storage_result(Result<>(), "call"));
    CHECK(parts.health.is_healthy());
    CHECK_FALSE(parts.health.note_storage_result(Result<>(Error(Errc::fenced, "")), "call"));
    CHECK(parts.health.has_lost_identity());
    CHECK_FALSE(parts.health.is_blocked());
    CHECK_FALSE(parts.health.is_healthy());
    CHECK_FALSE(parts.health.note_storage_result(Result<>(Error(Errc::unavailable, "")), "call"));
    CHECK(parts.health.is_blocked());
    clock->advance(500ms);
    CHECK_FALSE(parts.health.is_blocked());
    REQUIRE(parts.identity.register_worker());
    CHECK_FALSE(parts.health.has_lost_identity());
}

}  // namespace webhooks::service
