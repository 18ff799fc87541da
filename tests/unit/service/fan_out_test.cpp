#include <set>
#include <unit/service/fixture.hpp>
#include <webhooks/forwarding_storage.hpp>
#include <webhooks/testing/faulty_storage.hpp>

namespace webhooks::testing {
namespace {

using namespace std::chrono_literals;
using Call = FaultyStorage::Call;

/// Notes how many events each write made.
struct CountingStorage final : ForwardingStorage {
    using ForwardingStorage::ForwardingStorage;

    Result<BatchReceipt> write(WorkerId self, const Batch& batch) override {
        Result<BatchReceipt> receipt = ForwardingStorage::write(self, batch);
        if (!receipt) return receipt;
        std::size_t events = receipt->fanned_out;
        for (std::size_t i = 0; i < batch.appends.size(); ++i) {
            if (!batch.appends[i].is_fanned_out) events += batch.appends[i].subscriptions.size();
        }
        most = std::max(most, events);
        return receipt;
    }

    std::size_t most = 0;
};

struct FanOutFixture : ServiceFixture {
    std::shared_ptr<CountingStorage> counting = std::make_shared<CountingStorage>(storage);
    std::shared_ptr<FaultyStorage> faulty = std::make_shared<FaultyStorage>(counting);

    FanOutFixture() {
        storage = faulty;
        options.max_events_per_commit = 8;
        reopen();
    }

    void reopen() {
        running.reset();
        open();
    }

    void subscribe_all(int count, const Principal& owner = alice) {
        for (int i = 0; i < count; ++i) {
            subscribe(owner);
        }
    }

    std::set<std::string> sent() const {
        std::set<std::string> ids;
        for (const OutgoingRequest& request : transport->requests()) {
            ids.insert(request.webhook_id);
        }
        return ids;
    }
};

const Publication created{.event_type = "order.created", .payload = "{}"};

}  // namespace

TEST_CASE_METHOD(FanOutFixture, "a large publication is delivered once to all, in small commits") {
    subscribe_all(10);
    const PublishReceipt receipt = service().publish(alice, created).value();
    CHECK(receipt.event_ids.size() == 10);
    settle();
    CHECK(sent().size() == 10);
    CHECK(transport->requests().size() == 10);
    CHECK(counting->most <= 8);
    for (const EventId id : receipt.event_ids) {
        CHECK(service().event(alice, id).value().event.is_success);
    }
}

TEST_CASE_METHOD(FanOutFixture, "a large batch is delivered once to all, in small commits") {
    subscribe_all(2);
    const auto receipts =
        service().publish_batch(alice, std::vector<Publication>(5, created)).value();
    CHECK(receipts.size() == 5);
    settle();
    CHECK(sent().size() == 10);
    CHECK(counting->most <= 8);
}

TEST_CASE_METHOD(FanOutFixture, "others are served between the parts of a large publication") {
    subscribe_all(30);
    subscribe(bob, "invoice.paid", "https://bob.example.com/");
    service().publish(alice, created).value();
    service().publish(bob, {.event_type = "invoice.paid", .payload = "{}"}).value();
    const std::size_t writes = faulty->calls(Call::write);
    settle();
    CHECK(sent().size() == 31);
    CHECK(faulty->calls(Call::write) > writes + 5);
}

TEST_CASE_METHOD(FanOutFixture, "a large publication for later is delivered then") {
    subscribe_all(12);
    Publication later = created;
    later.deliver_at = clock->now() + 1h;
    service().publish(alice, later).value();
    settle();
    CHECK(sent().empty());
    advance(1h);
    CHECK(sent().size() == 12);
}

TEST_CASE_METHOD(FanOutFixture, "a large publication with an ordering key is one commit") {
    subscribe_all(12);
    Publication ordered = created;
    ordered.ordering_key = "k";
    service().publish(alice, ordered).value();
    CHECK(counting->most == 12);
    settle();
    CHECK(sent().size() == 12);
}

TEST_CASE_METHOD(FanOutFixture, "a large publication whose receipt was lost is delivered once") {
    subscribe_all(12);
    faulty->break_calls({.fault = FaultyStorage::Fault::answer_lost, .only = Call::write});
    CHECK(service().publish(alice, created).error() == Errc::unavailable);
    advance(5s);
    advance(5s);
    CHECK(sent().size() == 12);
    CHECK(transport->requests().size() == 12);
}

TEST_CASE_METHOD(FanOutFixture, "a service that stops leaves the rest to the next one") {
    subscribe_all(30);
    service().publish(alice, created).value();
    service().stop(0s).value();
    const std::size_t before = sent().size();
    CHECK(before < 30);
    reopen();
    settle();
    CHECK(sent().size() == 30);
}

}  // namespace webhooks::testing
