#include <map>
#include <new>
#include <unit/service/fixture.hpp>
#include <webhooks/forwarding_storage.hpp>

namespace webhooks::testing {
namespace {

using namespace std::chrono_literals;

/// A storage whose calls run out of memory, before or after they did their work.
struct StarvingStorage final : ForwardingStorage {
    using ForwardingStorage::ForwardingStorage;

    Result<BatchReceipt> write(WorkerId self, const Batch& batch) override {
        if (writes_until_shortage > 0 && --writes_until_shortage == 0) {
            if (does_its_work) static_cast<void>(ForwardingStorage::write(self, batch));
            throw std::bad_alloc();
        }
        return ForwardingStorage::write(self, batch);
    }

    int writes_until_shortage = 0;
    bool does_its_work = false;
};

}  // namespace

TEST_CASE_METHOD(ServiceFixture, "if memory is used up callers get an error, and nothing is lost") {
    const auto starving = std::make_shared<StarvingStorage>(make_memory_storage(clock));
    storage = starving;
    running.reset();
    open();
    const Subscription subscription = subscribe();
    starving->writes_until_shortage = GENERATE(1, 2, 3, 4);
    starving->does_its_work = GENERATE(false, true);

    std::map<EventId, std::string> acknowledged;
    int told = 0;
    for (int i = 0; i < 4; ++i) {
        std::vector<Publication> batch;
        for (const char* part : {"a", "b"}) {
            const std::string payload = std::to_string(i) + part;
            batch.push_back(
                {.event_type = "order.created", .payload = payload, .idempotency_key = payload});
        }
        const Result<std::vector<PublishReceipt>> receipts = service().publish_batch(alice, batch);
        if (receipts) {
            acknowledged[receipts->at(0).event_ids.front()] = batch[0].payload;
            acknowledged[receipts->at(1).event_ids.front()] = batch[1].payload;
        } else {
            CHECK(receipts.error() == Errc::unavailable);
            told += 2;
        }
        advance(300ms);
    }
    for (int i = 0; i < 10; ++i)
        advance(1s);

    CHECK(starving->writes_until_shortage == 0);
    CHECK(told + static_cast<int>(acknowledged.size()) == 8);
    for (const auto& [id, payload] : acknowledged) {
        INFO(payload);
        CHECK(event(subscription.id, id).is_success);
    }
    const Page<Event> log = service().events(alice, subscription.id).value();
    for (const Event& logged : log.items) {
        CHECK(logged.is_success);
    }
    std::map<std::string, int> requests;
    for (const OutgoingRequest& request : transport->requests())
        ++requests[request.webhook_id];
    for (const auto& [id, count] : requests) {
        INFO(id);
        CHECK(count <= 2);
    }
}

}  // namespace webhooks::testing
