#include <algorithm>
#include <unit/service/storage_parts.hpp>
#include <webhooks/forwarding_storage.hpp>

namespace webhooks::service {
namespace {

struct ChangeReaderFixture : StoragePartsFixture {
    Heartbeat heartbeat() { return parts.identity.heartbeat().value(); }
    std::size_t cancelled() { return parts.inbox.take().cancellations.size(); }
    void delete_event() {
        publish();
        parts.writer.write_pending();
        const EventId event = receipts.back().value().front().event_ids.front();
        REQUIRE(shared->delete_event(Principal::administrator("admin"), subscription, event));
    }
};

}  // namespace

TEST_CASE_METHOD(ChangeReaderFixture,
                 "subscriptions are read when a heartbeat has a newer revision") {
    REQUIRE(parts.changes.apply_changes(heartbeat()));
    const std::size_t reads = parts.storage->calls(Call::configuration);
    REQUIRE(parts.changes.apply_changes(heartbeat()));
    CHECK(parts.storage->calls(Call::configuration) == reads);
    const SubscriptionId second = subscribe();
    CHECK_FALSE(parts.index.endpoint(second));
    REQUIRE(parts.changes.apply_changes(heartbeat()));
    CHECK(parts.index.endpoint(second));
}

TEST_CASE_METHOD(ChangeReaderFixture,
                 "subscriptions that a storage returns in parts are all read") {
    struct OneByOne final : ForwardingStorage {
        using ForwardingStorage::ForwardingStorage;
        Result<Configuration> configuration(Revision since) override {
            Configuration changes = ForwardingStorage::configuration(since).value();
            auto& found = changes.subscriptions;
            std::ranges::sort(found, {}, &Subscription::revision);
            if (found.size() < 2) return changes;
            found.resize(1);
            return Configuration{
                .revision = found[0].revision, .is_part = true, .subscriptions = found};
        }
    };
    const SubscriptionId second = subscribe();
    const SubscriptionId third = subscribe();
    ChangeReader changes(std::make_shared<OneByOne>(shared), parts.index, parts.inbox,
                         parts.health);
    REQUIRE(changes.refresh());
    CHECK(parts.index.endpoint(second));
    CHECK(parts.index.endpoint(third));
}

TEST_CASE_METHOD(ChangeReaderFixture, "the notice of a deleted event reaches delivery once") {
    REQUIRE(parts.changes.apply_changes(heartbeat()));
    delete_event();
    REQUIRE(parts.changes.apply_changes(heartbeat()));
    CHECK(cancelled() == 1);
    REQUIRE(parts.changes.apply_changes(heartbeat()));
    CHECK(cancelled() == 0);
}

TEST_CASE_METHOD(ChangeReaderFixture, "what could not be read is read after the next heartbeat") {
    REQUIRE(parts.changes.apply_changes(heartbeat()));
    delete_event();
    const SubscriptionId second = subscribe();
    for (const Call call : {Call::configuration, Call::notices}) {
        parts.break_next(call);
        CHECK_FALSE(parts.changes.apply_changes(heartbeat()));
        CHECK(parts.health.is_blocked());
        CHECK(cancelled() == 0);
        clock->advance(1s);
    }
    REQUIRE(parts.changes.apply_changes(heartbeat()));
    CHECK(parts.index.endpoint(second));
    CHECK(cancelled() == 1);
}

TEST_CASE_METHOD(ChangeReaderFixture, "a worker that begins skips the notices that its index has") {
    delete_event();
    WorkerParts other(shared, clock, {});
    REQUIRE(other.identity.register_worker());
    const Heartbeat first = other.identity.heartbeat().value();
    other.changes.skip_notices(first);
    REQUIRE(other.changes.apply_changes(first));
    CHECK(other.storage->calls(Call::notices) == 0);
    CHECK(other.inbox.take().cancellations.empty());
}

}  // namespace webhooks::service
