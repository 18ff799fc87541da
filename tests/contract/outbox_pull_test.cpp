// What a host publishes inside its own transaction, to subscriptions that are only read.

#include <chrono>
#include <contract/outbox_fixture.hpp>
#include <memory>
#include <optional>
#include <semaphore>
#ifdef WEBHOOKS_TEST_SQLITE
#include <contract/sqlite_outbox_fixture.hpp>
#endif

namespace webhooks::testing {
namespace {

[[maybe_unused]] SubscriptionId subscribe_reader(WebhookService& service,
                                                 const std::string& filter = "") {
    return service
        .create_subscription(alice, {.name = "read",
                                     .event_type = "order.created",
                                     .filter = filter,
                                     .delivery = Delivery::pull})
        .value()
        .id;
}

#ifdef WEBHOOKS_TEST_POSTGRESQL_PROGRAMS
struct ReadOutbox : Outbox {
    std::string count(const std::string& table) {
        return host.value("SELECT count(*) FROM " + table);
    }
    /// @return how many events were appended at once.
    std::string publish(const std::string& more = "") {
        return host.value("cardinality(webhooks_publish('order.created', '{\"id\":7}'" + more +
                          "))");
    }
};
#endif

[[maybe_unused]] FeedPage feed_of(WebhookService& service, SubscriptionId id) {
    return service.read_feed(alice, id).value();
}

}  // namespace

#ifdef WEBHOOKS_TEST_POSTGRESQL_PROGRAMS

TEST_CASE_METHOD(ReadOutbox,
                 "on PostgreSQL, readers get what a host publishes, and nothing is sent to them",
                 "[postgresql]") {
    const SubscriptionId reader = subscribe_reader(*running);
    const SubscriptionId filtering = subscribe_reader(*running, "payload/id ge 7");
    const SubscriptionId narrow = subscribe_reader(*running, "payload/id ge 8");
    CHECK(publish() == "1");
    CHECK(publish(", ordering_key => 'K'") == "1");
    CHECK(publish(", deliver_at => now() + interval '1 hour'") == "1");
    CHECK(feed_of(*running, reader).events.size() == 3);
    CHECK(count("webhooks_undelivered") == "0");
    CHECK(count("webhooks_ordered") == "0");
    deliver();
    CHECK(feed_of(*running, filtering).events.size() == 3);
    CHECK(feed_of(*running, narrow).events.empty());
    CHECK(feed_of(*running, reader).events.at(2).deliver_at);
    CHECK_FALSE(feed_of(*running, reader).events.at(1).deliver_at);
    CHECK(count("webhooks_undelivered") == "0");
    CHECK(running->events(alice, reader, {.filter = field("isSuccess") == true}).value().total ==
          3);
    CHECK(transport->requests().empty());
    const SubscriptionId pushed = subscribe();
    CHECK(publish() == "2");
    deliver();
    CHECK(transport->requests().size() == 1);
    CHECK(running->events(alice, pushed, {}).value().total == 1);
}

TEST_CASE_METHOD(ReadOutbox,
                 "a reader that waits is told of what was judged for it before its time",
                 "[postgresql]") {
    const SubscriptionId reader = subscribe_reader(*running, "payload/id ge 7");
    std::optional<Result<FeedPage>> page;
    running->async_read_feed(alice, reader, {.cursor = "latest"}, std::chrono::seconds(30),
                             [&](Result<FeedPage> read) { page = std::move(read); });
    while (running->run_once().value() > 0) {
    }
    REQUIRE_FALSE(page);
    const auto woken = std::make_shared<std::counting_semaphore<>>(0);
    running->set_wake_callback([woken] { woken->release(); }).value();
    CHECK(publish() == "0");
    // The service's clock stands still: only the notification lets it look.
    while (!page) {
        REQUIRE(woken->try_acquire_for(std::chrono::seconds(30)));
        for (int i = 0; i < 10 && !page; ++i) {
            running->run_once().value();
        }
    }
    CHECK(page->value().has_more);
    running.reset();
}

#endif

#ifdef WEBHOOKS_TEST_SQLITE

TEST_CASE_METHOD(SqliteOutboxFixture,
                 "on SQLite, readers get what a host publishes, and nothing is sent to them") {
    const SubscriptionId reader = subscribe_reader(running);
    const SubscriptionId filtering = subscribe_reader(running, "payload/id ge 8");
    Publication ordered = order();
    ordered.ordering_key = "K";
    Publication scheduled = order();
    scheduled.deliver_at = system_clock()->now() + std::chrono::hours(1);
    CHECK(published(order()).size() == 1);
    CHECK(published(ordered).size() == 1);
    CHECK(published(scheduled).size() == 1);
    CHECK(rows() == "3 3 0 0");
    CHECK(host.value("(SELECT count(*) FROM webhooks_ordered)") == "0");
    deliver();
    CHECK(feed_of(running, reader).events.size() == 3);
    CHECK(feed_of(running, filtering).events.empty());
    CHECK(feed_of(running, reader).events.at(2).deliver_at == scheduled.deliver_at);
    CHECK_FALSE(feed_of(running, reader).events.at(1).deliver_at);
    CHECK(running.events(alice, reader, {.filter = field("isSuccess") == true}).value().total == 3);
    CHECK(transport->requests().empty());
    subscribe();
    CHECK(published(order()).size() == 2);
    deliver();
    CHECK(transport->requests().size() == 1);
}

#endif

}  // namespace webhooks::testing
