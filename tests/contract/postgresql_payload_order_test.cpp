// Ordering keys of what hosts and services publish on PostgreSQL, where payloads are encrypted.

#include <contract/postgresql_payload_outbox_fixture.hpp>
#include <map>

#ifdef WEBHOOKS_TEST_POSTGRESQL_PROGRAMS

namespace webhooks::testing {
namespace {

struct PostgresqlPayloadOrder : PostgresqlPayloadOutbox {
    /// As `order`, with an ordering key; for all users unless it is for one.
    static Publication ordered(int number, const std::string& user = "",
                               const std::string& key = "K") {
        return {.event_type = "order.created",
                .payload = R"({"n":)" + std::to_string(number) + R"(,"note":"canary-51c9"})",
                .user_id = user,
                .ordering_key = key};
    }
    Result<PublishReceipt> try_by_service(const Publication& publication) {
        return running->publish(alice, publication);
    }

    void filter(SubscriptionId id) {
        running->update_subscription(admin, id, {.filter = "payload/n lt 100"}).value();
    }

    static std::string number_of(const std::string& payload) {
        const std::size_t from = payload.find(':') + 1;
        return payload.substr(from, payload.find(',') - from) + " ";
    }
    /// What was sent.
    std::string numbers() const {
        std::string all;
        for (const OutgoingRequest& request : transport->requests()) {
            all += number_of(*request.body);
        }
        return all;
    }
    /// A claim may find a queue locked for a moment.
    void deliver_until(const std::string& expected) {
        for (int i = 0; i < 500 && numbers() != expected; ++i) {
            deliver();
        }
        CHECK(numbers() == expected);
    }
};

}  // namespace

#define PAYLOAD_ORDER_TEST(name) TEST_CASE_METHOD(PostgresqlPayloadOrder, name, "[postgresql]")

PAYLOAD_ORDER_TEST("what hosts and services encrypt with one key is sent in order") {
    const EventId first = commit(ordered(1)).event_ids.at(0);
    const EventId second = try_by_service(ordered(2, "alice")).value().event_ids.at(0);
    const EventId third = commit(ordered(3, "alice")).event_ids.at(0);
    CHECK(event(first).ordering_key == "K");
    CHECK(event(second).blocked_by == first);
    CHECK(event(third).payload == ordered(3).payload);
    deliver_until("1 2 3 ");
    CHECK_FALSE(place.contains(payload_canary));
}

PAYLOAD_ORDER_TEST("a service's encrypted publication waits for a host's with its key") {
    host << "BEGIN";
    try_publish(ordered(1)).value();
    try_by_service(ordered(2, "alice")).value();
    deliver();
    CHECK(numbers().empty());
    host << "COMMIT";
    deliver_until("1 2 ");
}

PAYLOAD_ORDER_TEST("the ordering key is part of the repeated content also if encrypted") {
    Publication publication = ordered(1, "alice");
    publication.idempotency_key = "one";
    const EventId first = commit(publication).event_ids.at(0);
    CHECK(commit(publication).is_replay);
    CHECK(try_by_service(publication).value().event_ids.at(0) == first);
    publication.ordering_key = "L";
    CHECK(rejected(publication) == Errc::conflict);
    publication.ordering_key = std::string(257, 'k');
    CHECK(rejected(publication).fields().at(0).field == "orderingKey");
}

PAYLOAD_ORDER_TEST(
    "what is encrypted and still to be judged comes before what a service "
    "publishes with its ordering key") {
    filter(subscription);
    const bool is_plain_first = GENERATE(false, true);
    encryption.payloads = !is_plain_first;
    start();
    commit(ordered(100));
    commit(ordered(1));
    encryption.payloads = true;
    start();
    commit(ordered(2));
    CHECK(text("SELECT count(*) FROM webhooks_unmatched") == "3");
    // It has the data key of alice, not that of messages to all.
    const EventId third = try_by_service(ordered(3, "alice")).value().event_ids.at(0);
    CHECK(text("SELECT count(*) FROM webhooks_unmatched") == "0");
    CHECK(event(third).payload == ordered(3).payload);
    deliver_until("1 2 3 ");
}

PAYLOAD_ORDER_TEST("nothing overtakes what cannot be judged until its key can be obtained") {
    const SubscriptionId of_bob = subscribe(bob);
    filter(subscription);
    filter(of_bob);
    start();
    publish(ordered(0).payload);
    deliver_until("0 ");
    commit(ordered(10, "bob"));
    commit(ordered(1));
    commit(ordered(2, "alice"));
    commit(ordered(3, "alice", "L"));
    keys->is_down = true;
    deliver();
    deliver_until("0 3 ");
    CHECK(text("SELECT count(*) FROM webhooks_unmatched") == "3");
    const Error error = try_by_service(ordered(4, "alice")).error();
    CHECK(error == Errc::unavailable);
    CHECK_THAT(error.detail(), Catch::Matchers::ContainsSubstring("with this ordering key"));
    try_by_service(ordered(5, "alice", "L")).value();
    deliver_until("0 3 5 ");
    keys->is_down = false;
    // The provider is asked for a missing key at most once a second.
    clock->advance(std::chrono::seconds(1));
    try_by_service(ordered(6, "alice")).value();
    deliver();
    CHECK(text("SELECT count(*) FROM webhooks_unmatched") == "0");
    for (int i = 0; i < 500 && transport->requests().size() < 8; ++i) {
        deliver();
    }
    std::map<SubscriptionId, std::string> by_subscription;
    for (const Event& sent : running->all_events(admin).value().items) {
        CHECK(sent.is_success);
        by_subscription[sent.subscription_id] += number_of(sent.payload);
    }
    CHECK(by_subscription[subscription] == "0 3 5 1 2 6 ");
    CHECK(by_subscription[of_bob] == "10 1 ");
}

PAYLOAD_ORDER_TEST("a missing key holds up no one else's publication with an ordering key") {
    filter(subscribe(bob));
    filter(subscription);
    start();
    publish(ordered(0).payload);
    deliver_until("0 ");
    commit(ordered(1, "bob"));
    commit(ordered(2, "alice"));
    keys->is_down = true;
    deliver_until("0 2 ");
    try_by_service(ordered(3, "alice")).value();
    deliver_until("0 2 3 ");
    CHECK(text("SELECT count(*) FROM webhooks_unmatched") == "1");
    keys->is_down = false;
    deliver_until("0 2 3 1 ");
}

}  // namespace webhooks::testing

#endif
