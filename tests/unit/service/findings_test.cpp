#include <algorithm>
#include <unit/service/isolation_fixture.hpp>
#include <webhooks/forwarding_storage.hpp>

namespace webhooks::testing {
namespace {

/// Notes how many subscriptions each write deactivated, and how many events had no attempts left.
struct FindingsStorage final : ForwardingStorage {
    using ForwardingStorage::ForwardingStorage;

    Result<BatchReceipt> write(WorkerId self, const Batch& batch) override {
        max_deactivated = std::max(max_deactivated, batch.deactivations.size());
        const auto exhausted =
            std::ranges::count(batch.attempts, Outcome::exhausted,
                               [](const AttemptRecord& record) { return record.attempt.outcome; });
        max_exhausted = std::max(max_exhausted, static_cast<std::size_t>(exhausted));
        return ForwardingStorage::write(self, batch);
    }

    std::size_t max_deactivated = 0;
    std::size_t max_exhausted = 0;
};

constexpr int endpoints = 300;

struct FindingsFixture : IsolationFixture {
    std::shared_ptr<FindingsStorage> counting = std::make_shared<FindingsStorage>(storage);

    FindingsFixture() {
        storage = counting;
        reopen();
        for (int i = 0; i < endpoints; ++i) {
            const std::string host = "h" + std::to_string(i) + ".example.com";
            service()
                .create_subscription(alice, {.name = "one of many",
                                             .event_type = "order.created",
                                             .url = "https://" + host + "/",
                                             .max_retry_count = 0})
                .value();
        }
    }

    void publish_to_all(int status_code) {
        transport->respond_with_status(status_code);
        service().publish(alice, {.event_type = "order.created", .payload = "{}"}).value();
        settle();
    }
};

}  // namespace

// What a transaction writes of endpoints takes several statements for each: publications of others
// wait for the transaction.

TEST_CASE_METHOD(FindingsFixture, "many endpoints that are gone are deactivated in small commits") {
    publish_to_all(410);
    CHECK(deactivations->told.size() == endpoints);
    CHECK(counting->max_deactivated > 0);
    CHECK(counting->max_deactivated <= 50);
}

TEST_CASE_METHOD(FindingsFixture, "many events without attempts left end in small commits") {
    publish_to_all(500);
    const auto failed =
        ListQuery::parse({.filter = "isSuccess eq false"}, ListKind::events).value();
    CHECK(service().all_events(admin, failed).value().total == endpoints);
    CHECK(counting->max_exhausted > 0);
    CHECK(counting->max_exhausted <= 50);
}

}  // namespace webhooks::testing
