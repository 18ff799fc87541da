#include <algorithm>
#include <unit/service/fixture.hpp>
#include <webhooks/testing/faulty_storage.hpp>

namespace webhooks::testing {
namespace {

using namespace std::chrono_literals;
using Receipts = Result<std::vector<PublishReceipt>>;

Publication order(const std::string& payload, const std::string& key = "") {
    return {.event_type = "order.created", .payload = payload, .idempotency_key = key};
}

std::vector<Publication> orders(std::size_t count) {
    std::vector<Publication> batch;
    for (std::size_t i = 0; i < count; ++i) {
        batch.push_back(order(std::to_string(i)));
    }
    return batch;
}

struct BatchFixture : ServiceFixture {
    std::shared_ptr<FaultyStorage> faulty = std::make_shared<FaultyStorage>(storage);

    BatchFixture() {
        storage = faulty;
        reopen();
    }

    void reopen() {
        running.reset();
        open();
    }

    std::size_t writes() const { return faulty->calls(FaultyStorage::Call::write); }

    std::int64_t events(SubscriptionId id) {
        return service().events(alice, id, {.take = 0}).value().total.value();
    }

    /// Submits a batch; its result arrives while the service is driven.
    std::shared_ptr<std::optional<Receipts>> submit(std::vector<Publication> batch) {
        auto answer = std::make_shared<std::optional<Receipts>>();
        service().async_publish_batch(alice, std::move(batch), [answer](Receipts receipts) {
            REQUIRE_FALSE(*answer);
            *answer = std::move(receipts);
        });
        return answer;
    }
};

}  // namespace

TEST_CASE_METHOD(BatchFixture, "a batch returns its receipts in order, after one commit") {
    const SubscriptionId id = subscribe().id;
    subscribe(alice, "order.*");
    std::vector<Publication> batch = orders(3);
    batch[1].event_type = "invoice.paid";
    const std::size_t before = writes();
    const auto receipts = service().publish_batch(alice, batch).value();
    CHECK(writes() == before + 1);
    REQUIRE(receipts.size() == 3);
    CHECK(receipts[0].event_ids.size() == 2);
    CHECK(receipts[1].event_ids.empty());
    CHECK(receipts[2].event_ids.size() == 2);
    settle();
    CHECK(event(id, receipts[0].event_ids[0]).payload == "0");
    CHECK(event(id, receipts[2].event_ids[0]).payload == "2");
    CHECK(event(id, receipts[2].event_ids[0]).is_success);
    CHECK(transport->requests().size() == 4);
}

TEST_CASE_METHOD(BatchFixture,
                 "all errors of a batch are reported by index, and nothing is published") {
    const SubscriptionId id = subscribe().id;
    std::vector<Publication> batch = orders(4);
    batch[1].event_type = "order.craeted";
    batch[3].content_type = "";
    batch[3].idempotency_key = "\n";
    const std::size_t before = writes();
    const Error error = service().publish_batch(alice, batch).error();
    CHECK(error == Errc::invalid_argument);
    REQUIRE(error.fields().size() == 3);
    CHECK(error.fields()[0] ==
          FieldError{"events[1].eventType",
                     "is not a registered event type; did you mean 'order.created'?"});
    CHECK(error.fields()[1].field == "events[3].contentType");
    CHECK(error.fields()[2].field == "events[3].idempotencyKey");
    settle();
    CHECK(writes() == before);
    CHECK(events(id) == 0);
}

TEST_CASE_METHOD(BatchFixture,
                 "each publication of a batch goes to the subscriptions that it may reach") {
    subscribe(alice);
    subscribe(bob);
    std::vector<Publication> batch = orders(2);
    batch[1].user_id = "bob";
    const Error error = service().publish_batch(alice, batch).error();
    CHECK(error == Errc::forbidden);
    REQUIRE(error.fields().size() == 1);
    CHECK(error.fields()[0].field == "events[1]");

    const auto receipts = service().publish_batch(admin, batch).value();
    CHECK(receipts[0].event_ids.size() == 2);
    CHECK(receipts[1].event_ids.size() == 1);

    batch[0].event_type = "nonsense";
    CHECK(service().publish_batch(alice, batch).error() == Errc::invalid_argument);
}

TEST_CASE_METHOD(BatchFixture, "a conflict in a batch names its index, and leaves nothing") {
    const SubscriptionId id = subscribe().id;
    service().publish(alice, order("1", "used")).value();
    const auto rejected = submit({order("2", "free"), order("3"), order("other", "used")});
    const auto stranger = submit({order("4")});
    settle();
    REQUIRE(*rejected);
    const Error error = (*rejected)->error();
    CHECK(error == Errc::conflict);
    CHECK(error.fields() ==
          std::vector<FieldError>{
              {"events[2]", "the idempotency key was used for other content within 24 hours"}});
    CHECK((*stranger)->value().size() == 1);
    CHECK(events(id) == 2);
    CHECK_FALSE(service().publish(alice, order("other", "free")).value().is_replay);
}

TEST_CASE_METHOD(BatchFixture, "a batch published twice returns the first receipts") {
    const SubscriptionId id = subscribe().id;
    const std::vector<Publication> batch = {order("1", "a"), order("2", "b"), order("1", "a")};
    const auto first = service().publish_batch(alice, batch).value();
    const auto again = service().publish_batch(alice, batch).value();
    CHECK_FALSE(first[0].is_replay);
    CHECK(first[2].is_replay);
    CHECK(first[2].event_ids == first[0].event_ids);
    for (std::size_t i = 0; i < batch.size(); ++i) {
        CHECK(again[i].is_replay);
        CHECK(again[i].event_ids == first[i].event_ids);
    }
    settle();
    CHECK(events(id) == 2);
    CHECK(transport->requests().size() == 2);
}

TEST_CASE_METHOD(BatchFixture, "a batch that can never fit is rejected as such") {
    options.max_publish_queue = 3;
    options.max_payload_bytes = 10;
    options.max_payload_bytes_in_memory = 20;
    reopen();
    const auto fault = [&](std::vector<Publication> batch) {
        return service().publish_batch(alice, std::move(batch)).error().detail();
    };
    CHECK(fault({}) == "events: must be 1 to 3 publications");
    CHECK(fault(orders(4)) == "events: must be 1 to 3 publications");
    CHECK(fault({3, order("1234567")}) ==
          "events: must have at most 20 bytes of payloads in total");
    CHECK(service().publish_batch(alice, orders(3)).has_value());

    options = {};
    reopen();
    CHECK(fault(orders(1001)) == "events: must be 1 to 1000 publications");
    CHECK(service().publish_batch(alice, orders(1000)).has_value());
}

TEST_CASE_METHOD(BatchFixture, "a batch that makes too many events publishes nothing") {
    options.max_events_per_batch = 10;
    reopen();
    const SubscriptionId id = subscribe().id;
    subscribe();
    subscribe();
    const auto fault = [&](std::vector<Publication> batch, const Principal& by = alice) {
        const Error error = service().publish_batch(by, std::move(batch)).error();
        CHECK(error == Errc::invalid_argument);
        return error.detail();
    };
    const std::string rule =
        "events: must make at most 10 events together, one for each subscription that each of "
        "them matches; the first ";
    CHECK(fault(orders(5)) == rule + "4 already make 12: publish batches of at most 3 instead");
    subscribe(bob);
    CHECK(fault(orders(3), admin) ==
          rule + "3 already make 12: publish batches of at most 2 instead");
    settle();
    CHECK(events(id) == 0);
    CHECK(service().publish_batch(alice, orders(3)).value().size() == 3);

    for (int i = 0; i < 4; ++i) {
        subscribe();
    }
    CHECK(fault(orders(2)) == rule + "2 already make 14: publish each by itself instead");
    for (int i = 0; i < 4; ++i) {
        subscribe();
    }
    CHECK(service().publish(alice, order("one")).value().event_ids.size() == 11);
    CHECK(service().publish_batch(alice, orders(1)).value().front().event_ids.size() == 11);
    settle();
    CHECK(events(id) == 5);
}

TEST_CASE_METHOD(BatchFixture,
                 "a batch that would now make too many events returns its first receipts") {
    options.max_events_per_batch = 2;
    reopen();
    const SubscriptionId id = subscribe().id;
    const std::vector<Publication> batch = {order("1", "a"), order("2", "b")};
    const auto first = service().publish_batch(alice, batch).value();
    subscribe();
    const auto again = service().publish_batch(alice, batch).value();
    for (std::size_t i = 0; i < batch.size(); ++i) {
        CHECK(again[i].is_replay);
        CHECK(again[i].event_ids == first[i].event_ids);
    }
    CHECK(service().publish_batch(alice, {batch[0], order("3", "c")}).error() ==
          Errc::invalid_argument);
    CHECK(service().publish_batch(alice, {order("other", "a"), order("2", "b")}).error() ==
          Errc::conflict);
    settle();
    CHECK(events(id) == 2);
    CHECK_FALSE(service().publish(alice, order("3", "c")).value().is_replay);
}

TEST_CASE_METHOD(BatchFixture, "each publication of a batch counts in the queue") {
    options.max_publish_queue = 5;
    reopen();
    const SubscriptionId id = subscribe().id;
    const auto first = submit(orders(3));
    const auto rejected = submit(orders(3));
    const auto second = submit(orders(2));
    REQUIRE(*rejected);
    CHECK((*rejected)->error() == Errc::overloaded);
    settle();
    CHECK((*first)->value().size() == 3);
    CHECK((*second)->value().size() == 2);
    CHECK(events(id) == 5);
    CHECK(service().publish_batch(alice, orders(5)).has_value());
}

TEST_CASE_METHOD(BatchFixture, "a batch is one commit, even beyond the usual size of a commit") {
    options.max_batch = 2;
    reopen();
    const SubscriptionId id = subscribe().id;
    const std::size_t before = writes();
    const auto small = submit(orders(1));
    const auto large = submit(orders(5));
    service().run_once().value();
    CHECK(*small);
    CHECK_FALSE(*large);
    CHECK(writes() == before + 1);
    service().run_once().value();
    REQUIRE(*large);
    CHECK((*large)->value().size() == 5);
    CHECK(events(id) == 6);
}

TEST_CASE_METHOD(BatchFixture,
                 "a batch that does not fit into a commit is complete in the next one") {
    for (int i = 0; i < 11; ++i) {
        subscribe();
    }
    options.max_batch = 10'000;
    reopen();
    const std::size_t before = writes();
    const auto first = submit(orders(1000));
    const auto second = submit(orders(1000));
    service().run_once().value();
    CHECK(writes() == before + 1);
    CHECK(*first);
    CHECK_FALSE(*second);
    settle();
    REQUIRE(*second);
    for (const auto& answer : {first, second}) {
        CHECK(std::ranges::all_of((*answer)->value(), [](const PublishReceipt& receipt) {
            return receipt.event_ids.size() == 11;
        }));
    }
}

TEST_CASE_METHOD(BatchFixture, "a batch whose commit was rejected never happened") {
    const SubscriptionId id = subscribe().id;
    faulty->break_calls({.only = FaultyStorage::Call::write});
    const std::vector<Publication> batch = {order("1", "a"), order("2", "b")};
    CHECK(service().publish_batch(alice, batch).error() == Errc::unavailable);
    advance(1s);
    CHECK(events(id) == 0);
    CHECK_FALSE(service().publish_batch(alice, batch).value()[1].is_replay);
}

TEST_CASE_METHOD(BatchFixture, "a batch whose result was lost is delivered once, and repeatable") {
    const SubscriptionId id = subscribe().id;
    faulty->break_calls(
        {.fault = FaultyStorage::Fault::answer_lost, .only = FaultyStorage::Call::write});
    const std::vector<Publication> batch = {order("1", "a"), order("2", "b")};
    CHECK(service().publish_batch(alice, batch).error() == Errc::unavailable);
    advance(1s);
    CHECK(events(id) == 2);
    CHECK(transport->requests().size() == 2);
    const auto again = service().publish_batch(alice, batch).value();
    CHECK(again[0].is_replay);
    CHECK(again[1].is_replay);
    settle();
    CHECK(transport->requests().size() == 2);
}

TEST_CASE_METHOD(BatchFixture, "a batch is told when the service stops before its commit") {
    const auto answer = submit(orders(2));
    faulty->break_calls({.count = FaultyStorage::indefinitely});
    static_cast<void>(service().stop(0ms));
    REQUIRE(*answer);
    CHECK((*answer)->error() == Errc::unavailable);
    CHECK(service().publish_batch(alice, orders(2)).error() == Errc::stopped);
}

}  // namespace webhooks::testing
