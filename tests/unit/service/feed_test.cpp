// How readers of feeds wait.

#include <unit/service/fixture.hpp>

namespace webhooks::testing {
namespace {

using namespace std::chrono_literals;

struct FeedFixture : ServiceFixture {
    const SubscriptionId id = subscribe().id;
    std::vector<Result<FeedPage>> pages;

    ~FeedFixture() { running.reset(); }

    void wait_for(SubscriptionId feed, const std::string& cursor = "latest",
                  std::chrono::milliseconds wait = 30s, std::stop_token stop = {}) {
        service().async_read_feed(
            alice, feed, {.cursor = cursor}, wait,
            [this](Result<FeedPage> page) { pages.push_back(std::move(page)); }, stop);
    }

    FeedPage only_page() {
        REQUIRE(pages.size() == 1);
        return pages.at(0).value();
    }
};

}  // namespace

TEST_CASE_METHOD(FeedFixture, "a feed with events is read without waiting") {
    const EventId event = publish();
    wait_for(id, "");
    CHECK(only_page().events.at(0).id == event);
}

TEST_CASE_METHOD(FeedFixture, "who waits for a feed is told of the next event") {
    const SubscriptionId other = subscribe().id;
    service().update_subscription(alice, other, {.event_type = "order.shipped"}).value();
    wait_for(id);
    settle();
    CHECK(pages.empty());
    service().send_test_event(alice, other).value();
    settle();
    CHECK(pages.empty());
    const EventId event = publish();
    settle();
    CHECK(only_page().has_more);
    CHECK(only_page().events.empty());
    const FeedPage rest = service().read_feed(alice, id, {.cursor = only_page().cursor}).value();
    CHECK(rest.events.at(0).id == event);
}

TEST_CASE_METHOD(FeedFixture, "what was published between a read and its wait is noticed") {
    const std::string cursor = service().read_feed(alice, id).value().cursor;
    publish();
    settle();
    wait_for(id, cursor);
    CHECK(only_page().events.size() == 1);
}

TEST_CASE_METHOD(FeedFixture, "a wait without an event ends with its time and the cursor") {
    wait_for(id, "latest", 5s);
    settle();
    clock->advance(5s - 1us);
    settle();
    CHECK(pages.empty());
    clock->advance(1us);
    settle();
    CHECK_FALSE(only_page().has_more);
    CHECK_FALSE(only_page().cursor.empty());
}

TEST_CASE_METHOD(FeedFixture, "the longest wait is a minute") {
    wait_for(id, "latest", 1h);
    clock->advance(60s);
    settle();
    CHECK_FALSE(only_page().has_more);
}

TEST_CASE_METHOD(FeedFixture, "a wait ends when the service stops") {
    wait_for(id);
    REQUIRE(service().stop(0ms));
    CHECK_FALSE(only_page().has_more);
}

TEST_CASE_METHOD(FeedFixture, "a wait ends when its subscription is deleted") {
    wait_for(id);
    settle();
    service().delete_subscription(alice, id).value();
    settle();
    CHECK(only_page().has_more);
    CHECK(service().read_feed(alice, id).error() == Errc::not_found);
}

TEST_CASE_METHOD(FeedFixture, "only who may read a feed waits for it") {
    service().async_read_feed(bob, id, {}, 30s,
                              [this](Result<FeedPage> page) { pages.push_back(std::move(page)); });
    REQUIRE(pages.size() == 1);
    CHECK(pages.at(0).error() == Errc::not_found);
    service().async_read_feed(Principal::user("alice", Permission::events_read), id, {}, 30s,
                              [this](Result<FeedPage> page) { pages.push_back(std::move(page)); });
    CHECK(pages.at(1).error() == Errc::forbidden);
}

TEST_CASE_METHOD(FeedFixture, "a reader beyond the limit of a feed gets an error, and reads it") {
    for (std::size_t i = 0; i <= max_feed_waits; ++i) {
        wait_for(id);
    }
    REQUIRE(pages.size() == 1);
    CHECK(pages.at(0).error() == Errc::overloaded);
    CHECK(service().read_feed(alice, id));
}

TEST_CASE_METHOD(FeedFixture, "what another process has published is noticed within 2 s") {
    wait_for(id);
    settle();
    auto storage_of_other = storage;
    Worker other = storage_of_other->register_worker(10s).value();
    Batch batch;
    batch.revision = storage_of_other->configuration(0).value().revision;
    batch.appends.push_back({.message = std::make_shared<Message>(
                                 Message{.event_type = "order.created",
                                         .content_type = "application/json",
                                         .payload = std::make_shared<const std::string>("{}")}),
                             .subscriptions = {id}});
    storage_of_other->write(other.id, batch).value();
    settle();
    CHECK(pages.empty());
    clock->advance(2s);
    settle();
    CHECK(only_page().has_more);
}

}  // namespace webhooks::testing
