// Publishing inside a host's own transaction.

#include <contract/outbox_fixture.hpp>
#include <future>
#include <set>
#include <thread>

#ifdef WEBHOOKS_TEST_POSTGRESQL_PROGRAMS

namespace webhooks::testing {
namespace {

using namespace std::chrono_literals;

using Ids = std::vector<std::int64_t>;

}  // namespace

// ---- It exists if and only if the transaction commits.

OUTBOX_TEST("what a host publishes is delivered once, when its transaction is committed") {
    const SubscriptionId id = subscribe();
    host.sql << "BEGIN";
    CHECK(host.publish() == "{1}");
    deliver();
    CHECK(transport->requests().empty());
    CHECK(running->events(alice, id, {}).value().total == 0);
    host.sql << "COMMIT";
    deliver();
    deliver();
    REQUIRE(transport->requests().size() == 1);
    CHECK(*transport->requests()[0].body == R"({"id":7})");
    CHECK(transport->requests()[0].content_type == "application/json");
}

OUTBOX_TEST("a rollback leaves nothing") {
    const SubscriptionId id = subscribe();
    SECTION("of a transaction") {
        host.sql << "BEGIN";
        host.publish(", idempotency_key => 'k'");
        host.sql << "ROLLBACK";
        CHECK(rows() == "0 0 0 0");
    }
    SECTION("of a savepoint, which keeps the rest of the transaction") {
        host.sql << "BEGIN";
        host.sql << "SAVEPOINT one";
        host.publish(", idempotency_key => 'k'");
        host.sql << "ROLLBACK TO one";
        host.publish();
        CHECK(read_after(id, 0).empty());
        host.sql << "COMMIT";
        CHECK(rows() == "1 1 1 0");
    }
    deliver();
    CHECK(transport->requests().size() == read_after(id, 0).size());
}

OUTBOX_TEST("a trigger publishes") {
    subscribe();
    host.sql << "CREATE TABLE orders (id integer)";
    host.sql << "CREATE FUNCTION tell() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
                "PERFORM webhooks_publish('order.created', to_jsonb(NEW)->>'id'); "
                "RETURN NEW; END $$";
    host.sql << "CREATE TRIGGER tell AFTER INSERT ON orders FOR EACH ROW EXECUTE FUNCTION tell()";
    host.sql << "INSERT INTO orders SELECT generate_series(1, 3)";
    deliver();
    std::multiset<std::string> bodies;
    for (const auto& request : transport->requests()) {
        bodies.insert(*request.body);
    }
    CHECK(bodies == std::multiset<std::string>{"1", "2", "3"});
}

OUTBOX_TEST("an event for a subscription that is deleted before the commit is not delivered") {
    const SubscriptionId id = subscribe();
    host.sql << "BEGIN";
    host.publish();
    running->delete_subscription(alice, id).value();
    CHECK_FALSE(storage->maintain({.limit = 100}).value());
    host.sql << "COMMIT";
    deliver();
    CHECK(transport->requests().empty());
    CHECK_FALSE(storage->maintain({.limit = 100}).value());
    CHECK(rows() == "0 0 0 0");
    host.sql << "UPDATE webhooks_subscription SET updated_at = updated_at - 3600000000";
    CHECK_FALSE(storage->maintain({.limit = 100}).value());
    CHECK(host.value("SELECT deletion FROM webhooks_subscription") == "2");
}

OUTBOX_TEST("a running service delivers as soon as it is notified of the commit") {
    subscribe();
    running.reset();
    storage = place.make({});
    // Without a notification, it would check only after a minute.
    running.emplace(open({}, {.heartbeat_interval = 1min, .lease = 10min}));
    running->start().value();
    for (std::size_t count = 1; count <= 5; ++count) {
        host.sql << "BEGIN";
        host.publish();
        host.sql << "COMMIT";
        const auto committed = std::chrono::steady_clock::now();
        while (transport->requests().size() < count &&
               std::chrono::steady_clock::now() < committed + 10s) {
            std::this_thread::yield();
        }
        REQUIRE(transport->requests().size() == count);
        UNSCOPED_INFO((std::chrono::steady_clock::now() - committed) / 1us << " us");
    }
    running->stop(1s).value();
}

// ---- By the rules of publish.

OUTBOX_TEST("active subscriptions match by owner and pattern, in the order of their ids") {
    const std::string first = std::to_string(subscribe("order.item.added").value);
    subscribe("order.*", bob);
    subscribe("*");
    subscribe("order.item.*");
    const SubscriptionId inactive = subscribe("*");
    running->update_subscription(alice, inactive, {.is_active = false}).value();
    running->delete_subscription(alice, subscribe("*")).value();
    subscribe("invoice.*");
    subscribe("order.created");
    const auto publish = [&](const std::string& user) {
        return host.value("webhooks_publish('order.item.added', '', " + user + ")");
    };
    CHECK(publish("null") == "{1,2,3,4}");
    CHECK(publish("'alice'") == "{5,6,7}");
    CHECK(publish("'bob'") == "{8}");
    CHECK(publish("'carol'") == "{}");
    CHECK(host.value("SELECT string_agg(subscription_id::text, ',' ORDER BY id) "
                     "FROM webhooks_event WHERE id < 5") == "1,2,3,4");
    CHECK(first == "1");
}

OUTBOX_TEST("a subscription just created by another service matches") {
    host.sql << "BEGIN";
    CHECK(host.publish() == "{}");
    subscribe();
    CHECK(host.publish() == "{1}");
    host.sql << "COMMIT";
}

OUTBOX_TEST("an event can be published for later, and can expire") {
    subscribe();
    host.publish(
        ", deliver_at => now() + interval '1 hour', expires_at => now() + interval '1 day'");
    deliver();
    CHECK(transport->requests().empty());
    CHECK(host.value("SELECT round((u.due_at - e.created_at) / 1e6) || ' ' || "
                     "round((m.expires_at - e.created_at) / 1e6) FROM webhooks_undelivered u "
                     "JOIN webhooks_event e ON e.id = u.event_id "
                     "JOIN webhooks_message m ON m.id = e.message_id") == "3600 86400");
}

// ---- Idempotency keys.

OUTBOX_TEST("an idempotency key is the same key for all ways of publishing") {
    subscribe();
    const PublishReceipt first = running->publish(alice, order("k")).value();
    CHECK(host.publish(", 'alice', 'k'") == "{1}");
    CHECK(host.publish(", 'alice', 'other'") == host.publish(", 'alice', 'other'"));
    const PublishReceipt again = running->publish(alice, order("other")).value();
    CHECK(again.is_replay);
    CHECK(again.event_ids != first.event_ids);
    CHECK(host.failure("SELECT webhooks_publish('order.created', '{}', 'alice', 'k')")
              .starts_with("23505: the idempotency key was used for other content"));
    CHECK(host.publish(", null, 'k'") != "{1}");
    // One is in the worker's memory.
    CHECK(rows() == "3 3 2 3");
    host.sql << "UPDATE webhooks_idempotency_key SET created_at = created_at - 86400000000";
    host.publish(", 'alice', 'k'");
    CHECK(rows() == "4 4 3 3");
}

OUTBOX_TEST("a second transaction with the same key waits for the first one to end") {
    subscribe();
    host.sql << "BEGIN";
    const std::string first = host.publish(", 'alice', 'k'");
    Host other(place.schema);
    auto second = std::async(std::launch::async, [&] { return other.publish(", 'alice', 'k'"); });
    while (host.value("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'") ==
           "0") {
    }
    SECTION("and returns its receipt") {
        // A worker does not wait, because it publishes for many callers.
        CHECK(running->publish(alice, order("k")).error() == Errc::unavailable);
        CHECK(running->publish(alice, order("free")));
        host.sql << "COMMIT";
        CHECK(second.get() == first);
        CHECK(running->publish(alice, order("k")).value().is_replay);
    }
    SECTION("or publishes if it was rolled back") {
        host.sql << "ROLLBACK";
        CHECK(second.get() != first);
        CHECK(rows() == "1 1 1 1");
    }
}

// ---- Ids and readers.

OUTBOX_TEST("a reader that continues by id misses no event that is committed late") {
    const SubscriptionId id = subscribe();
    CHECK(host.publish() == "{1}");
    CHECK(read_after(id, 0) == Ids{1});
    Host late(place.schema);
    late.sql << "BEGIN";
    CHECK(late.publish() == "{2}");
    CHECK(host.publish() == "{3}");
    running->publish(alice, order()).value();
    CHECK(read_after(id, 0) == Ids{1});
    CHECK(read_after(id, 1).empty());
    // A reader that does not continue by id sees all events.
    CHECK(running->events(alice, id, {}).value().items.size() == 3);
    SECTION("which is committed") {
        late.sql << "COMMIT";
        CHECK(read_after(id, 1) == Ids{2, 3, 4});
    }
    SECTION("which is rolled back") {
        late.sql << "ROLLBACK";
        CHECK(read_after(id, 1) == Ids{3, 4});
    }
    SECTION("of which one of two savepoints is rolled back") {
        late.sql << "SAVEPOINT one";
        CHECK(late.publish() == "{5}");
        late.sql << "ROLLBACK TO one";
        CHECK(read_after(id, 1).empty());
        late.sql << "COMMIT";
        CHECK(read_after(id, 1) == Ids{2, 3, 4});
    }
}

OUTBOX_TEST("a feed waits for an event that is committed late, and has it once") {
    const SubscriptionId id = subscribe();
    CHECK(host.publish() == "{1}");
    const auto read = [&](const std::string& cursor) {
        return running->read_feed(alice, id, {.cursor = cursor}).value();
    };
    const FeedPage first = read("");
    CHECK(first.events.size() == 1);
    CHECK(first.events[0].webhook_id.ends_with("_1"));
    Host late(place.schema);
    late.sql << "BEGIN";
    CHECK(late.publish() == "{2}");
    CHECK(host.publish() == "{3}");
    const FeedPage held = read(first.cursor);
    CHECK(held.events.empty());
    CHECK_FALSE(held.has_more);
    CHECK(storage->sample().value().oldest_held_back);
    CHECK(storage->feed_changes({{.subscription = id, .after = {1}}}).value().empty());
    late.sql << "COMMIT";
    CHECK_FALSE(storage->sample().value().oldest_held_back);
    CHECK(storage->feed_changes({{.subscription = id, .after = {1}}}).value().at(0).newest ==
          EventId{3});
    const FeedPage rest = read(held.cursor);
    REQUIRE(rest.events.size() == 2);
    CHECK(rest.events[0].id.value == 2);
    CHECK(rest.events[1].id.value == 3);
    CHECK(read(rest.cursor).events.empty());
}

OUTBOX_TEST("one transaction may publish in two schemas") {
    OnPostgresql second;
    const std::shared_ptr<Storage> other = second.make({});
    host.sql << "BEGIN";
    CHECK(host.value("webhooks_take_ids(3)") == "1");
    CHECK(host.value(second.schema + ".webhooks_take_ids(2)") == "1");
    CHECK(host.value("SELECT count(*) FROM webhooks_advisory_lock WHERE mode = 'ShareLock'") ==
          "2");
    Host reader(second.schema);
    CHECK(reader.value("webhooks_settled_id()") == "0");
    host.sql << "COMMIT";
    CHECK(reader.value("webhooks_settled_id()") == "2");
    CHECK(host.value("webhooks_settled_id()") == "3");
}

OUTBOX_TEST("an interrupted publication leaves no lock") {
    subscribe();
    Host other(place.schema);
    other.sql << "BEGIN";
    CHECK(other.publish() == "{1}");
    CHECK(other.failure("SELECT 1 / 0") != "");
    CHECK(host.value("SELECT count(*) FROM webhooks_advisory_lock WHERE mode = 'ExclusiveLock'") ==
          "0");
    CHECK(host.publish() == "{2}");
}

OUTBOX_TEST("concurrent readers, workers and hosts lose nothing and repeat nothing") {
    const SubscriptionId id = subscribe();
    constexpr int hosts = 4;
    constexpr int each = 50;
    std::atomic<int> busy = hosts;
    std::vector<std::future<void>> publishers;
    for (int i = 0; i < hosts; ++i) {
        publishers.push_back(std::async(std::launch::async, [&] {
            Host own(place.schema);
            for (int n = 0; n < each; ++n) {
                own.sql << "BEGIN";
                own.publish();
                own.publish();
                own.sql << (n % 5 == 0 ? "ROLLBACK" : "COMMIT");
            }
            --busy;
        }));
    }
    int published = 0;
    Ids seen;
    const auto read_on = [&] {
        for (const std::int64_t next : read_after(id, seen.empty() ? 0 : seen.back())) {
            seen.push_back(next);
        }
    };
    while (busy > 0) {
        running->publish(alice, order()).value();
        ++published;
        read_on();
    }
    for (std::future<void>& publisher : publishers) {
        publisher.get();
    }
    published += hosts * each * 2 * 4 / 5;
    while (true) {
        const std::size_t before = seen.size();
        read_on();
        if (seen.size() == before) break;
    }
    CHECK(seen.size() == static_cast<std::size_t>(published));
    CHECK(std::ranges::is_sorted(seen));
    CHECK(std::set(seen.begin(), seen.end()).size() == seen.size());
    while (transport->requests().size() < seen.size()) {
        deliver();
    }
    deliver();
    std::set<std::string> ids;
    for (const auto& request : transport->requests()) {
        ids.insert(request.webhook_id);
    }
    CHECK(ids.size() == seen.size());
    CHECK(transport->requests().size() == seen.size());
}

}  // namespace webhooks::testing

#endif
