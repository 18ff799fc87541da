#include <unit/service/storage_parts.hpp>

namespace webhooks::service {
namespace {

using Fault = FaultyStorage::Fault;

struct BatchWriterFixture : StoragePartsFixture {
    using StoragePartsFixture::StoragePartsFixture;

    EventId publish_one() {
        publish();
        REQUIRE(parts.writer.write_pending() == 1);
        return receipts.back().value().front().event_ids.front();
    }
    void record(delivery::Results results) { REQUIRE(parts.pending.record(1, std::move(results))); }
    std::int64_t written_batch() {
        return shared->heartbeat(parts.identity.id()).value().last_batch;
    }
    std::size_t events_in_storage() {
        return shared->list_all_events(Principal::administrator("a"), {}).value().items.size();
    }
};

struct SmallMemory : BatchWriterFixture {
    SmallMemory() : BatchWriterFixture({.max_events_in_memory = 2, .max_batch = 2}) {}
};

}  // namespace

TEST_CASE_METHOD(BatchWriterFixture, "what is published is durable, then answered and delivered") {
    publish();
    publish();
    CHECK(receipts.empty());
    CHECK(parts.writer.write_pending() == 2);
    REQUIRE(receipts.size() == 2);
    CHECK(parts.storage->calls(Call::write) == 1);
    CHECK(events_in_storage() == 2);
    CHECK(delivered() == std::vector{receipts[0].value().front().event_ids.front(),
                                     receipts[1].value().front().event_ids.front()});
    CHECK(parts.observer->published == 2);
    CHECK(parts.writer.write_pending() == 0);
}

TEST_CASE_METHOD(BatchWriterFixture, "what is published for later waits in storage for a claim") {
    publish(parts.clock.now() + 1min);
    CHECK(parts.writer.write_pending() == 1);
    CHECK(delivered().empty());
    CHECK(parts.claimer.ready_at() == clock->steady_now() + 1min);
}

TEST_CASE_METHOD(SmallMemory, "events without room in memory wait in storage for a claim") {
    for (int i = 0; i < 4; ++i) {
        publish();
    }
    CHECK(parts.writer.write_pending() == 2);
    CHECK(delivered().size() == 2);
    CHECK(parts.writer.write_pending() == 2);
    CHECK(delivered().empty());
    CHECK(receipts.size() == 4);
    CHECK(events_in_storage() == 4);
}

TEST_CASE_METHOD(BatchWriterFixture, "a batch whose index is out of date is matched again") {
    const SubscriptionId second = subscribe();
    publish();
    CHECK(parts.writer.write_pending() == 1);
    CHECK(parts.storage->calls(Call::write) == 2);
    CHECK(receipts.front().value().front().event_ids.size() == 2);
    CHECK(parts.index.endpoint(second));
}

TEST_CASE_METHOD(BatchWriterFixture, "a batch that was rejected has an error and changes nothing") {
    const EventId event = publish_one();
    record(attempt(subscription, event));
    publish();
    parts.break_next(Call::write);
    parts.writer.write_pending();
    CHECK(receipts.back().error() == Errc::unavailable);
    CHECK(parts.writer.is_in_doubt());
    CHECK(parts.writer.has_unwritten());
    CHECK(written_batch() == 1);
    // The results are written with the next batch.
    clock->advance(1s);
    CHECK(parts.writer.write_pending() == 1);
    CHECK_FALSE(parts.writer.has_unwritten());
    CHECK(events_in_storage() == 1);
}

TEST_CASE_METHOD(BatchWriterFixture, "a batch whose receipt was lost is delivered, and once") {
    const EventId event = publish_one();
    REQUIRE(delivered().size() == 1);
    record(attempt(subscription, event));
    publish();
    parts.break_next(Call::write, Fault::answer_lost);
    parts.writer.write_pending();
    CHECK(receipts.back().error() == Errc::unavailable);
    REQUIRE(parts.writer.is_in_doubt());
    CHECK(parts.writer.write_pending() == 0);
    CHECK_FALSE(parts.writer.is_in_doubt());
    CHECK_FALSE(parts.writer.has_unwritten());
    CHECK(delivered().size() == 1);
    CHECK(events_in_storage() == 2);
    CHECK(parts.storage->calls(Call::write) == 2);
}

TEST_CASE_METHOD(BatchWriterFixture, "a batch stays in doubt until storage responds") {
    publish();
    parts.break_next(Call::write, Fault::answer_lost);
    parts.writer.write_pending();
    for (const Call call : {Call::heartbeat, Call::appended_after, Call::configuration}) {
        parts.break_next(call);
        CHECK(parts.writer.write_pending() == 0);
        CHECK(parts.writer.is_in_doubt());
    }
    publish();
    CHECK(parts.writer.write_pending() == 1);
    CHECK_FALSE(parts.writer.is_in_doubt());
    CHECK(receipts.back());
}

TEST_CASE_METHOD(BatchWriterFixture, "the low-water mark is written even without another batch") {
    const EventId event = publish_one();
    record(attempt(subscription, event));
    REQUIRE(parts.writer.write_pending() == 1);
    const std::size_t writes = parts.storage->calls(Call::write);
    const std::int64_t batch = written_batch();
    CHECK(parts.writer.write_low_water_mark());
    parts.writer.note({.last_event = {event.value + 5}});
    CHECK(parts.writer.write_low_water_mark());
    CHECK(parts.storage->calls(Call::write) == writes + 1);
    CHECK(written_batch() == batch + 1);
    CHECK(parts.writer.write_low_water_mark());
    CHECK(parts.storage->calls(Call::write) == writes + 1);
    parts.writer.note({.last_event = {event.value + 6}});
    parts.break_next(Call::write);
    CHECK_FALSE(parts.writer.write_low_water_mark());
}

TEST_CASE_METHOD(BatchWriterFixture, "a new identity drops what the previous one has not written") {
    const EventId event = publish_one();
    record(attempt(subscription, event));
    parts.break_next(Call::write);
    parts.writer.write_pending();
    REQUIRE(parts.identity.register_worker());
    CHECK(parts.writer.reset(parts.identity.worker()) == 1);
    CHECK_FALSE(parts.writer.has_unwritten());
    CHECK(parts.writer.write_pending() == 0);
}

TEST_CASE_METHOD(BatchWriterFixture, "a retry that was written is due when its time comes") {
    const EventId event = publish_one();
    record(attempt(subscription, event, Outcome::retry, parts.clock.now() + 30s));
    REQUIRE(parts.writer.write_pending() == 1);
    CHECK(parts.claimer.ready_at() == clock->steady_now() + 30s);
}

TEST_CASE_METHOD(BatchWriterFixture, "a deactivation is reported once storage has made it") {
    delivery::Results results;
    results.batch.deactivations = {
        {.subscription = subscription, .revision = parts.index.endpoint(subscription)->revision}};
    record(std::move(results));
    CHECK(parts.observer->deactivated.empty());
    REQUIRE(parts.writer.write_pending() == 1);
    CHECK(parts.observer->deactivated == std::vector{subscription});
    CHECK_FALSE(parts.index.endpoint(subscription)->is_active);
}

}  // namespace webhooks::service
