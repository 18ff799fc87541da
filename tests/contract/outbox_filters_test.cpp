// Payload filters judge what a host publishes inside its own transaction.

#include <algorithm>
#include <contract/outbox_fixture.hpp>

#ifdef WEBHOOKS_TEST_POSTGRESQL_PROGRAMS

namespace webhooks::testing {
namespace {

using namespace std::chrono_literals;

struct FilteredOutbox : Outbox {
    SubscriptionId large = running
                               ->create_subscription(alice, {.name = "large",
                                                             .event_type = "order.*",
                                                             .filter = "payload/total ge 100",
                                                             .url = "https://hooks.example.com/b"})
                               .value()
                               .id;

    /// @return the receipt.
    std::string publish(const std::string& total, const std::string& more = "") {
        return host.value("webhooks_publish('order.created', '{\"total\":" + total + "}'" + more +
                          ")");
    }
    std::string unmatched() { return host.value("SELECT count(*) FROM webhooks_unmatched"); }
    std::int64_t count_events() { return running->events(alice, large, {}).value().total.value(); }
};

}  // namespace

#define FILTERED_OUTBOX_TEST(name) TEST_CASE_METHOD(FilteredOutbox, name, "[postgresql]")

FILTERED_OUTBOX_TEST("filters judge what a host publishes before anything of it is visible") {
    const SubscriptionId plain = subscribe();
    CHECK(publish("100") == "{1}");
    CHECK(publish("99") == "{2}");
    CHECK(unmatched() == "2");
    CHECK(count_events() == 0);
    CHECK(running->events(alice, plain, {}).value().total == 2);
    deliver();
    CHECK(unmatched() == "0");
    CHECK(count_events() == 1);
    CHECK(rows() == "3 3 0 0");
    const auto is_large = [](const auto& request) { return *request.body == R"({"total":100})"; };
    CHECK(transport->requests().size() == 3);
    CHECK(std::ranges::count_if(transport->requests(), is_large) == 2);
    clock->advance(11s);
    deliver();
    CHECK(running->statistics(alice, large).value().filtered == 1);
    CHECK(running->statistics(alice, plain).value().filtered == 0);
}

FILTERED_OUTBOX_TEST("a payload of another type than JSON has no members") {
    publish("100", ", content_type => 'text/plain'");
    publish("100", ", content_type => 'application/vnd.order+json; v=1'");
    deliver();
    CHECK(count_events() == 1);
}

FILTERED_OUTBOX_TEST("a rollback leaves nothing to be judged") {
    host.sql << "BEGIN";
    CHECK(publish("100", ", idempotency_key => 'k'") == "{}");
    host.sql << "ROLLBACK";
    CHECK(unmatched() == "0");
}

FILTERED_OUTBOX_TEST("a subscription that is deleted before an event is judged does not get it") {
    publish("100");
    running->delete_subscription(alice, large).value();
    deliver();
    CHECK(unmatched() == "0");
    CHECK(rows() == "0 0 0 0");
}

FILTERED_OUTBOX_TEST("what a host publishes twice under one key is judged once") {
    CHECK(publish("100", ", idempotency_key => 'k'") == publish("100", ", idempotency_key => 'k'"));
    CHECK(unmatched() == "1");
    deliver();
    CHECK(publish("100", ", idempotency_key => 'k'") == "{}");
    deliver();
    CHECK(count_events() == 1);
}

FILTERED_OUTBOX_TEST("what is published for later is judged now, and waits") {
    publish("100", ", deliver_at => now() + interval '1 hour'");
    deliver();
    CHECK(count_events() == 1);
    CHECK(transport->requests().empty());
}

FILTERED_OUTBOX_TEST("more publications than one claim judges are all judged") {
    host.sql << "SELECT webhooks_publish('order.created', '{\"total\":' || n || '}') "
                "FROM generate_series(1, 250) n";
    deliver();
    CHECK(unmatched() == "0");
    CHECK(count_events() == 151);
    CHECK(transport->requests().size() == 151);
}

FILTERED_OUTBOX_TEST("what another worker is judging is left to it") {
    publish("100");
    host.sql << "BEGIN";
    host.sql << "SELECT id FROM webhooks_unmatched FOR UPDATE";
    deliver();
    CHECK(count_events() == 0);
    host.sql << "ROLLBACK";
    deliver();
    CHECK(count_events() == 1);
}

FILTERED_OUTBOX_TEST("filters that take long are judged in several transactions, each once") {
    const auto create = [&](const std::string& user, const std::string& filter) {
        return running
            ->create_subscription(Principal::user(user), {.name = "filtered",
                                                          .event_type = "order.created",
                                                          .filter = filter,
                                                          .url = "https://hooks.example.com/b"})
            .value()
            .id;
    };
    std::vector<SubscriptionId> endless;
    for (int i = 0; i < 15; ++i) {
        const std::string number = std::to_string(i);
        endless.push_back(
            create("user" + number, "payload/any(x: payload/any(y: y eq " + number + "))"));
    }
    const SubscriptionId quick = create("alice", "payload/0 eq -1");
    host.sql << "SELECT webhooks_publish('order.created', '[-1' || repeat(',-1', 400) || ']')";
    clock->advance(3s);
    running->run_once().value();
    const int left =
        std::stoi(host.value("SELECT cardinality(subscriptions) FROM webhooks_unmatched"));
    CHECK(left > 0);
    CHECK(left < 17);
    deliver();
    CHECK(unmatched() == "0");
    CHECK(count_events() == 0);
    CHECK(running->events(alice, quick, {}).value().total == 1);
    clock->advance(11s);
    deliver();
    for (const SubscriptionId id : endless) {
        CHECK(running->statistics(admin, id).value().filtered == 1);
    }
}

}  // namespace webhooks::testing

#endif
