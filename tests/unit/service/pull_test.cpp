// Subscriptions that are only read from their feeds.

#include <unit/service/fixture.hpp>

namespace webhooks::testing {
namespace {

using namespace std::chrono_literals;

struct PullFixture : ServiceFixture {
    const SubscriptionId reader = make().value().id;

    Result<Subscription> make(const std::string& filter = "", const std::string& url = "") {
        return service().create_subscription(alice, {.name = "read",
                                                     .event_type = "order.created",
                                                     .filter = filter,
                                                     .url = url,
                                                     .delivery = Delivery::pull});
    }

    PublishReceipt receipt_of(const std::string& payload) {
        return service()
            .publish(alice, {.event_type = "order.created", .payload = payload})
            .value();
    }

    std::vector<EventId> read(SubscriptionId id) {
        std::vector<EventId> ids;
        for (const FeedEvent& event : service().read_feed(alice, id).value().events) {
            ids.push_back(event.id);
        }
        return ids;
    }
};

}  // namespace

TEST_CASE_METHOD(PullFixture, "what is published to a reader is available, and never attempted") {
    const SubscriptionId pushed = subscribe().id;
    const PublishReceipt receipt = receipt_of("1");
    REQUIRE(receipt.event_ids.size() == 2);
    advance(1h);
    CHECK(transport->requests().size() == 1);
    const EventHistory history = service().event(alice, reader, receipt.event_ids[0]).value();
    CHECK(history.attempts.empty());
    CHECK(history.event.is_success);
    CHECK(event(pushed, receipt.event_ids[1]).is_success);
    CHECK(read(reader) == std::vector{receipt.event_ids[0]});
}

TEST_CASE_METHOD(PullFixture, "events that are only read take no memory") {
    running.reset();
    options.max_payload_bytes_in_memory = options.max_payload_bytes = 64;
    open();
    for (int i = 0; i < 100; ++i) {
        receipt_of(std::string(64, '1'));
    }
    settle();
    const SubscriptionId pushed = subscribe().id;
    for (int i = 0; i < 3; ++i) {
        receipt_of("2");
    }
    advance(1min);
    CHECK(transport->requests().size() == 3);
    CHECK(read(reader).size() == 100);
    CHECK(read(pushed).size() == 3);
}

TEST_CASE_METHOD(PullFixture, "scheduled, ordered and expiring events are read as well") {
    const Time due = clock->now() + 1h;
    const Publication plain{.event_type = "order.created", .payload = "1"};
    Publication scheduled = plain;
    scheduled.deliver_at = due;
    Publication expiring = plain;
    expiring.expires_at = clock->now() + 1min;
    Publication ordered = plain;
    ordered.ordering_key = "K";
    for (const Publication& each : {scheduled, expiring, ordered, ordered}) {
        service().publish(alice, each).value();
    }
    settle();
    const FeedPage page = service().read_feed(alice, reader).value();
    REQUIRE(page.events.size() == 4);
    CHECK(page.events[0].deliver_at == due);
    CHECK_FALSE(page.events[3].deliver_at);
    CHECK_FALSE(event(reader, page.events[3].id).blocked_by);
    advance(2h);
    CHECK(read(reader).size() == 3);
    CHECK(transport->requests().empty());
    CHECK(service().statistics(alice, reader).value().waiting == 0);
}

TEST_CASE_METHOD(PullFixture, "filters, batches and publications to everybody reach readers") {
    const SubscriptionId filtering = make("payload/total ge 100").value().id;
    const Publication small{.event_type = "order.created", .payload = R"({"total":1})"};
    Publication large = small;
    large.payload = R"({"total":100})";
    service().publish_batch(alice, {small, large}).value();
    service().publish(admin, large).value();
    settle();
    CHECK(read(reader).size() == 3);
    CHECK(read(filtering).size() == 2);
    CHECK(transport->requests().empty());
}

TEST_CASE_METHOD(PullFixture, "an event that only readers get wakes one that waits") {
    std::optional<Result<FeedPage>> page;
    service().async_read_feed(alice, reader, {.cursor = "latest"}, 30s,
                              [&](Result<FeedPage> read) { page = std::move(read); });
    settle();
    REQUIRE_FALSE(page);
    receipt_of("1");
    settle();
    REQUIRE(page);
    CHECK(page->value().has_more);
    running.reset();
}

TEST_CASE_METHOD(PullFixture, "nothing can be sent to a reader by hand") {
    const EventId id = receipt_of("1").event_ids.at(0);
    const auto says_so = [](const Error& error) {
        INFO(error.detail());
        return error == Errc::conflict && error.detail().find("feed") != std::string::npos;
    };
    CHECK(says_so(service().send_test_event(alice, reader).error()));
    CHECK(says_so(service().retry_event(alice, reader, id).error()));
    CHECK(says_so(service().recover(alice, reader, Time{}).error()));
    CHECK(says_so(service().count_undelivered(alice, reader, {}).error()));
    CHECK(service().retry_event(alice, reader, {999}).error() == Errc::not_found);
    settle();
    CHECK(transport->requests().empty());
}

TEST_CASE_METHOD(PullFixture, "a reader has no URL, and remains one") {
    CHECK(service().subscription(alice, reader).value().url.empty());
    const auto field_of = [](const auto& verdict) {
        const Error error = verdict.error();
        REQUIRE(error.fields().size() == 1);
        return error.fields()[0].field + ' ' + error.fields()[0].message;
    };
    CHECK(field_of(make("", "https://hooks.example.com/a")) ==
          "url must be left out, because delivery is 'pull': the events are read from the feed");
    CHECK(field_of(service().update_subscription(alice, reader,
                                                 {.url = "https://hooks.example.com/a"})) ==
          "url must be left out, because delivery is 'pull': the events are read from the feed");
    CHECK(field_of(service().update_subscription(alice, reader, {.delivery = Delivery::push})) ==
          "delivery cannot be changed; create another subscription instead");
    CHECK(field_of(
              service().update_subscription(alice, subscribe().id, {.delivery = Delivery::pull})) ==
          "delivery cannot be changed; create another subscription instead");
    const SubscriptionChange same{.name = "other", .url = "", .delivery = Delivery::pull};
    CHECK(service().update_subscription(alice, reader, same).value().name == "other");
}

TEST_CASE_METHOD(PullFixture, "an inactive reader gets nothing new, and can be read") {
    receipt_of("1");
    service().update_subscription(alice, reader, {.is_active = false}).value();
    CHECK(receipt_of("2").event_ids.empty());
    CHECK(read(reader).size() == 1);
}

}  // namespace webhooks::testing
