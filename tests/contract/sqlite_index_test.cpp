// SQLite's index of subscriptions' events, which is brought up to date a range of ids at a time:
// what readers see must not depend on how far it is.

#include <soci/soci.h>
#include <soci/sqlite3/soci-sqlite3.h>
#include <algorithm>
#include <contract/old_subscription.hpp>
#include <map>
#include <webhooks/testing/storage_contract/fan_out.hpp>

namespace webhooks::testing {
namespace {

using namespace std::chrono_literals;

struct IndexFixture : private Given<OnSqlite>, public storage_contract::FanOutFixture {
    using Given<OnSqlite>::place;
    IndexFixture() : FanOutFixture(place) {}

    long long value(const std::string& select) const {
        soci::session sql(soci::sqlite3, place.folder.file("test.db"));
        long long value = 0;
        sql << select, soci::into(value);
        return value;
    }
    long long entries() const { return value("SELECT count(*) FROM webhooks_event_index"); }
    long long events() const { return value("SELECT count(*) FROM webhooks_event"); }
    long long indexed_to() const { return value("SELECT indexed_to FROM webhooks_state"); }

    /// Indexes up to this many events. @return whether to go on
    bool index(std::size_t limit) { return storage->maintain({.limit = limit}).value(); }
    void index_all() {
        do {
            index(1000);
        } while (indexed_to() < value("SELECT last_event_id FROM webhooks_state"));
    }

    /// As after the end of a process at this moment.
    void restart() {
        storage.reset();
        storage = place.make(clock);
        worker = storage->register_worker(10s).value();
    }

    static ListQuery parse(const ListQueryText& text) {
        return ListQuery::parse(text, ListKind::events).value();
    }
    std::vector<EventId> listed(SubscriptionId subscription, const ListQuery& query) {
        std::vector<EventId> ids;
        for (const Event& event : storage->list_events(admin, subscription, query).value().items) {
            CHECK(event.subscription_id == subscription);
            ids.push_back(event.id);
        }
        return ids;
    }

    /// What all kinds of readers see of a subscription is what it has.
    void check(SubscriptionId subscription, const std::vector<EventId>& expected) {
        INFO("subscription " << subscription.value << ", indexed to " << indexed_to());
        for (const char* filter :
             {"id gt 0", "eventType eq 'order.created'", "isSuccess eq true"}) {
            const ListQuery query = parse({.filter = filter, .take = "1000"});
            CHECK(listed(subscription, query) == expected);
            CHECK(storage->list_events(admin, subscription, query).value().total ==
                  static_cast<std::int64_t>(expected.size()));
        }
        CHECK(listed(subscription, {.take = 1000}) == expected);
        std::vector<EventId> newest(expected.rbegin(), expected.rend());
        if (newest.size() > 3) newest.resize(3);
        CHECK(listed(subscription, parse({.sort = "id desc", .take = "3"})) == newest);
        CHECK(listed(subscription, parse({.sort = "createdAt desc,id desc", .take = "3"})) ==
              newest);
        const auto feed =
            storage->read_feed(admin, subscription, {.take = 1000, .max_bytes = 1'000'000}).value();
        CHECK(ids(feed.events) == expected);
        const auto changes = storage->feed_changes({{subscription, EventId{}}}).value();
        CHECK(changes.size() == (expected.empty() ? 0 : 1));
        if (!changes.empty()) CHECK(changes[0].newest == expected.back());
    }
};

}  // namespace

TEST_CASE_METHOD(IndexFixture, "readers see the same however far the index is") {
    std::map<SubscriptionId, std::vector<EventId>> model;
    for (int i = 0; i < 4; ++i) {
        model[subscribe().id];
    }
    const bool is_restarted = GENERATE(false, true);
    std::uint32_t random = 1;
    for (int round = 0; round < 40; ++round) {
        random = random * 1664525 + 1013904223;
        std::vector<SubscriptionId> matched;
        for (const auto& [subscription, events] : model) {
            if (random >> (16 + subscription.value) & 1) matched.push_back(subscription);
        }
        if (!matched.empty()) {
            EventId id = append(matched).value().appends[0].value().first_event;
            Batch results;
            for (const SubscriptionId subscription : matched) {
                model[subscription].push_back(id);
                results.attempts.push_back(
                    {.event = id,
                     .subscription = subscription,
                     .attempt = {.number = 1, .outcome = Outcome::delivered}});
                ++id.value;
            }
            write(results);
        }
        if (round % 3 == 0) index(random >> 24 & 3);
        if (is_restarted && round % 5 == 0) restart();
        if (round % 7 == 6) {
            auto& [subscription, events] = *std::next(model.begin(), random >> 20 & 3);
            if (!events.empty()) {
                storage->delete_event(admin, subscription, events.back()).value();
                events.pop_back();
            }
        }
        for (const auto& [subscription, events] : model) {
            check(subscription, events);
        }
    }
    index_all();
    for (const auto& [subscription, events] : model) {
        check(subscription, events);
    }
    CHECK(entries() == events());
}

TEST_CASE_METHOD(IndexFixture,
                 "an event that is deleted while its range is indexed gets no entry") {
    const SubscriptionId one = subscribe().id;
    const SubscriptionId two = subscribe().id;
    std::vector<EventId> of_one;
    for (int i = 0; i < 5; ++i) {
        of_one.push_back(append_one(one));
        append_one(two);
    }
    index(2);
    REQUIRE(entries() == 2);
    REQUIRE(indexed_to() == 0);
    storage->delete_event(admin, one, of_one[0]).value();
    storage->delete_event(admin, one, of_one[4]).value();
    CHECK(entries() == 1);
    index_all();
    CHECK(entries() == 8);
    CHECK(indexed_to() == 10);
    CHECK(listed(one, {}).size() == 3);
}

TEST_CASE_METHOD(IndexFixture, "what a rolled-back transaction indexed is indexed again") {
    const SubscriptionId one = subscribe().id;
    const SubscriptionId two = subscribe().id;
    for (int i = 0; i < 3; ++i) {
        append_one(one);
        append_one(two);
    }
    index(2);
    soci::session sql(soci::sqlite3, place.folder.file("test.db"));
    sql << "CREATE TRIGGER no_entry BEFORE INSERT ON webhooks_event_index "
           "WHEN (SELECT count(*) FROM webhooks_event_index) = 4 "
           "BEGIN SELECT RAISE(ABORT, 'no entry'); END";
    CHECK_FALSE(storage->maintain({.limit = 3}));
    CHECK(entries() == 2);
    sql << "DROP TRIGGER no_entry";
    index_all();
    CHECK(entries() == 6);
    CHECK(listed(two, {}).size() == 3);
}

TEST_CASE_METHOD(IndexFixture, "events that are made after their range was indexed are found") {
    const std::vector<SubscriptionId> subscriptions = subscribe_all(5, "alice");
    const EventId first = fan_out(subscriptions, 2);
    const EventId later = append_one(subscriptions[0]);
    make_slice(2);
    index_all();
    REQUIRE(indexed_to() == later.value);
    make_all();
    CHECK(entries() == 6);
    CHECK(listed(subscriptions[0], {}) == std::vector<EventId>{first, later});
    CHECK(listed(subscriptions[4], {}) == std::vector<EventId>{{first.value + 4}});
}

TEST_CASE_METHOD(IndexFixture, "a subscription that is deleted leaves no entries") {
    const SubscriptionId gone = subscribe().id;
    const SubscriptionId kept = subscribe().id;
    for (int i = 0; i < 6; ++i) {
        append({gone, kept}).value();
    }
    index(5);
    storage->delete_subscription(admin, gone).value();
    index_all();
    CHECK(events() == 6);
    CHECK(entries() == 6);
    CHECK(listed(kept, {}).size() == 6);
}

TEST_CASE_METHOD(IndexFixture, "old events are deleted with their entries") {
    const SubscriptionId one = subscribe().id;
    for (int i = 0; i < 6; ++i) {
        record(one, append_one(one), {.number = 1});
    }
    index(4);
    REQUIRE(entries() == 4);
    write({.low_water = {6}});
    clock->advance(48h);
    storage->maintain({.limit = 100, .keep_events_for = 24h}).value();
    CHECK(events() == 0);
    CHECK(entries() == 0);
    CHECK(listed(one, {}).empty());
}

TEST_CASE_METHOD(IndexFixture, "a log that is only written is indexed, except for its end") {
    std::vector<SubscriptionId> all = subscribe_all(50, "alice");
    const auto longest = 30'000;
    while (events() < 100'000) {
        Batch batch{.revision = revision()};
        batch.appends.assign(20, {.message = message("{}"), .subscriptions = all});
        write(batch);
        REQUIRE(events() - indexed_to() < longest);
    }
    CHECK(entries() > 100'000 - longest);
    restart();
    CHECK(storage->list_events(admin, all[7], {.take = 0}).value().total == events() / 50);
    index_all();
    CHECK(entries() == events());
}

TEST_CASE("a log of an earlier version is indexed when it is opened") {
    IndexFixture log;
    const SubscriptionId one = log.subscribe().id;
    const SubscriptionId two = log.subscribe().id;
    std::vector<EventId> of_two;
    for (int i = 0; i < 5; ++i) {
        log.append_one(one);
        of_two.push_back(log.append_one(two));
        log.record(two, of_two.back(), {.number = 1, .outcome = Outcome::delivered});
    }
    log.storage.reset();
    {
        soci::session sql(soci::sqlite3, log.place.folder.file("test.db"));
        undo_event_index(sql);
        sql << "DELETE FROM webhooks_schema WHERE version >= 27";
    }
    log.storage = log.place.make(log.clock);
    log.worker = log.storage->register_worker(10s).value();
    CHECK(log.entries() == 10);
    CHECK(log.indexed_to() == 10);
    log.check(two, of_two);
    of_two.push_back(log.append_one(two));
    log.record(two, of_two.back(), {.number = 1, .outcome = Outcome::delivered});
    log.check(two, of_two);
}

}  // namespace webhooks::testing
