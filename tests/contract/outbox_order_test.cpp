// Ordering keys of what a host publishes inside its own transaction.

#include <algorithm>
#include <contract/old_subscription.hpp>
#include <contract/outbox_fixture.hpp>

#ifdef WEBHOOKS_TEST_POSTGRESQL_PROGRAMS

namespace webhooks::testing {
namespace {

using namespace std::chrono_literals;

struct OrderedOutbox : Outbox {
    std::string publish(const std::string& name, const std::string& more = "") {
        return host.value("webhooks_publish('order.created', '\"" + name +
                          "\"', ordering_key => 'K'" + more + ")");
    }
    PublishReceipt publish_by_service(const std::string& name) {
        return running
            ->publish(
                alice,
                {.event_type = "order.created", .payload = '"' + name + '"', .ordering_key = "K"})
            .value();
    }

    void work() {
        while (running->run_once().value() > 0) {
        }
    }

    /// A claim may find a queue locked for a moment.
    void deliver_until(const std::string& expected) {
        for (int i = 0; i < 500 && sent() != expected; ++i) {
            deliver();
        }
        CHECK(sent() == expected);
    }

    std::string sent() const {
        std::string text;
        for (const OutgoingRequest& request : transport->requests()) {
            text += text.empty() ? "" : " ";
            text += request.body->substr(1, request.body->size() - 2);
        }
        return text;
    }
};

}  // namespace

#define ORDERED_OUTBOX_TEST(name) TEST_CASE_METHOD(OrderedOutbox, name, "[postgresql]")

ORDERED_OUTBOX_TEST("what a host publishes with a key is sent in order, and shows the key") {
    const SubscriptionId id = subscribe();
    CHECK(publish("1") == "{1}");
    CHECK(publish("2") == "{2}");
    host.sql << "BEGIN";
    CHECK(publish_in_transaction(
        host.sql, {.event_type = "order.created", .payload = "\"3\"", .ordering_key = "K"},
        place.schema));
    host.sql << "COMMIT";
    const Event second = running->event(alice, id, {2}).value().event;
    CHECK(second.ordering_key == "K");
    CHECK(second.blocked_by == EventId{1});
    deliver_until("1 2 3");
}

ORDERED_OUTBOX_TEST("a service's publication waits for a host's that began before it") {
    subscribe();
    host.sql << "BEGIN";
    CHECK(publish("1") == "{1}");
    CHECK(publish_by_service("2").event_ids == std::vector<EventId>{{2}});
    deliver();
    CHECK(sent().empty());
    SECTION("which is committed") {
        host.sql << "COMMIT";
        deliver_until("1 2");
    }
    SECTION("which is rolled back") {
        host.sql << "ROLLBACK";
        deliver_until("2");
    }
}

ORDERED_OUTBOX_TEST("a host's open transaction holds up no other key") {
    subscribe();
    host.sql << "BEGIN";
    publish("1");
    running
        ->publish(alice, {.event_type = "order.created", .payload = "\"2\"", .ordering_key = "L"})
        .value();
    running->publish(alice, {.event_type = "order.created", .payload = "\"3\""}).value();
    work();
    CHECK(sent() == "2 3");
    host.sql << "ROLLBACK";
}

ORDERED_OUTBOX_TEST("what filters have still to judge comes before a later publication") {
    running
        ->create_subscription(alice, {.name = "filtered",
                                      .event_type = "order.created",
                                      .filter = "eventType ne 'other'",
                                      .url = "https://hooks.example.com/b"})
        .value();
    CHECK(publish("1") == "{}");
    CHECK(publish("2") == "{}");
    publish_by_service("3");
    work();
    CHECK(host.value("SELECT count(*) FROM webhooks_unmatched") == "0");
    deliver_until("1 2 3");
}

ORDERED_OUTBOX_TEST(
    "a publication behind very many that wait for filters is rejected, others of its key are not") {
    running
        ->update_subscription(alice, subscribe(),
                              {.filter = "payload ne 'x'", .max_retry_count = 0})
        .value();
    subscribe("order.created", bob);
    // Claims judge some of them as well.
    const auto waiting = [&] {
        return std::stoi(host.value("SELECT count(*) FROM webhooks_unmatched"));
    };
    const auto publish_many = [&] {
        host.sql << "SELECT count(webhooks_publish('order.created', '1', user_id => 'alice', "
                    "ordering_key => 'K')) FROM generate_series(1, 1500)";
    };
    const auto publish_to = [&](const Principal& user) {
        return running->publish(
            user, {.event_type = "order.created", .payload = "\"last\"", .ordering_key = "K"});
    };
    publish_many();
    const Error behind = publish_to(alice).error();
    CHECK(behind == Errc::unavailable);
    CHECK(behind.detail().find("still to be judged") != std::string::npos);
    CHECK(waiting() <= 500);
    publish_many();
    CHECK(publish_to(bob));
    CHECK(waiting() > 0);
    int times = 1;
    Result<PublishReceipt> last = publish_to(alice);
    for (; !last && times < 3; ++times) {
        last = publish_to(alice);
    }
    REQUIRE(last);
    CHECK(waiting() == 0);
    const std::string id = std::to_string(last->event_ids.at(0).value);
    CHECK(host.value("SELECT count(*) FROM webhooks_event e JOIN webhooks_message m ON m.id = "
                     "e.message_id WHERE e.subscription_id = 1 AND e.id < " +
                     id) == "3000");
}

ORDERED_OUTBOX_TEST("a key has a valid length, and is part of what an idempotency key stands for") {
    subscribe();
    CHECK(host.failure("SELECT webhooks_publish('order.created', '1', ordering_key => '')") ==
          "22023: ordering_key must be UTF-8 without U+0000, 1 to 256 bytes");
    CHECK(host.failure("SELECT webhooks_publish('order.created', '1', ordering_key => "
                       "repeat('k', 257))") ==
          "22023: ordering_key must be UTF-8 without U+0000, 1 to 256 bytes");
    CHECK(host.failure("SELECT webhooks_publish('order.created', '1', ordering_key => 'K', "
                       "deliver_at => now())") ==
          "22023: ordering_key cannot be combined with deliverAt");
    CHECK(publish("1", ", idempotency_key => 'i'") == "{1}");
    CHECK(publish("1", ", idempotency_key => 'i'") == "{1}");
    CHECK(host.failure("SELECT webhooks_publish('order.created', '\"1\"', idempotency_key => 'i')")
              .starts_with("23505"));
    CHECK(running
              ->publish(Principal::administrator("host"), {.event_type = "order.created",
                                                           .payload = "\"1\"",
                                                           .idempotency_key = "i",
                                                           .ordering_key = "L"})
              .has_value());
}

ORDERED_OUTBOX_TEST("who could publish before ordering keys can do so afterwards") {
    const std::string role = "older_publisher_of_" + place.schema;
    host.sql << "CREATE ROLE " + role;
    host.sql << "GRANT USAGE ON SCHEMA " + place.schema + " TO " + role;
    make_publish_old(host.sql);
    host.sql << "GRANT EXECUTE ON FUNCTION webhooks_publish, webhooks_publish_receipt TO " + role;
    migrate_postgresql(place.options({})).value();
    subscribe();
    host.sql << "SET ROLE " + role;
    CHECK(publish("1") == "{1}");
    CHECK(host.publish() == "{2}");
    host.sql << "RESET ROLE";
}

}  // namespace webhooks::testing

#endif
