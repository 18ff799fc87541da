#pragma once

#include <algorithm>
#include <webhooks/memory_storage.hpp>
#include <webhooks/testing/storage_contract/fixture.hpp>
#include <webhooks/testing/storage_contract/query_twins.hpp>
#include <webhooks/testing/storage_contract/random_filters.hpp>

namespace webhooks::testing::storage_contract {
namespace {

using namespace std::chrono_literals;

const std::vector<std::string> stored_texts = {"",
                                               " ",
                                               "a",
                                               "A",
                                               "abc",
                                               "ABC",
                                               "a_c",
                                               "aXc",
                                               "%",
                                               "_",
                                               "\\",
                                               "O'Hara",
                                               "\xC3\xA9",
                                               "\xF0\x9F\x98\x80",
                                               "\xEF\xBF\xBD",
                                               "order",
                                               "ORDER",
                                               "order.created",
                                               "200",
                                               "x' OR '1'='1"};

/// The same rows in any storage.
class Rows {
public:
    Rows(Storage& storage, ManualClock& clock, const Worker& worker, unsigned seed)
        : storage_(storage), clock_(clock), worker_(worker), random_(seed) {}

    /// @return the subscription whose log has the events.
    SubscriptionId fill() {
        for (int i = 0; i < 40; ++i) {
            add_subscription();
        }
        for (const char* owner : {"carol", "carol", "dave"}) {
            logs_.push_back(
                storage_.insert_subscription(admin, {.name = "log", .user_id = owner}).value().id);
        }
        for (int i = 0; i < 120; ++i) {
            add_event(logs_[below(2) ? 0 : below(logs_.size())]);
        }
        return logs_[0];
    }

private:
    std::size_t below(std::size_t limit) { return random_() % limit; }
    const std::string& text() { return stored_texts[below(stored_texts.size())]; }

    void add_subscription() {
        if (below(2)) clock_.advance(std::chrono::microseconds(below(3) * 500));
        const Subscription made =
            storage_
                .insert_subscription(admin, {.name = text(),
                                             .event_type = text(),
                                             .url = text(),
                                             .secret = Secret("s"),
                                             .headers = {},
                                             .max_retry_count = static_cast<int>(below(4)),
                                             .is_active = below(2) == 0,
                                             .user_id = below(3) ? "alice" : "bob"})
                .value();
        if (below(3)) return;
        clock_.advance(1s);
        storage_.update_subscription(admin, made.id, {.is_active = true}).value();
    }

    void add_event(SubscriptionId log) {
        Batch batch{.revision = storage_.heartbeat(worker_.id).value().revision};
        auto message = std::make_shared<Message>(
            Message{.event_type = text(),
                    .content_type = "text/plain",
                    .payload = std::make_shared<const std::string>(text())});
        batch.appends.push_back({.message = message, .subscriptions = {log}});
        const EventId id = storage_.write(worker_.id, batch).value().appends[0].value().first_event;
        int number = 0;
        while (below(3) != 0 && number < 3) {
            if (!add_attempt(log, id, ++number)) break;
        }
        if (number == 0) record_most(log, id);
        if (below(5) == 0) static_cast<void>(storage_.reopen_event(admin, log, id));
        clock_.advance(std::chrono::microseconds(below(4) * 250));
    }

    /// @return whether another may follow.
    bool add_attempt(SubscriptionId log, EventId id, int number) {
        AttemptRecord record{.event = id,
                             .subscription = log,
                             .attempt = {.number = number},
                             .attempts_since_reopened = number};
        record.has_row = number > 1;
        Attempt& attempt = record.attempt;
        attempt.sent_at = clock_.now();
        attempt.outcome = static_cast<Outcome>(1 + below(5));
        const bool is_delivered = attempt.outcome == Outcome::delivered;
        if (is_delivered || below(3)) {
            attempt.status_code = std::vector{200, 204, 404, 500}[below(is_delivered ? 2 : 4)];
        }
        if (below(3)) attempt.response = text();
        if (!is_delivered && below(3)) attempt.error_message = text();
        if (attempt.outcome == Outcome::retry) record.due = clock_.now();
        settle(id);
        storage_.write(worker_.id, {.attempts = {record}, .low_water = low_water_}).value();
        if (attempt.outcome != Outcome::retry) return false;
        storage_.claim(worker_.id, 1000).value();
        return true;
    }

    /// Sooner or later one stays in memory, which keeps the low-water mark below it.
    void record_most(SubscriptionId log, EventId id) {
        if (below(8) == 0) holds_one_ = true;
        if (holds_one_) return;
        settle(id);
        const CustodyChange change{.event = id, .subscription = log, .due = clock_.now() + 1s};
        storage_.write(worker_.id, {.custody_changes = {change}, .low_water = low_water_}).value();
    }

    void settle(EventId id) {
        if (!holds_one_) low_water_ = id;
    }

    Storage& storage_;
    ManualClock& clock_;
    const Worker worker_;
    std::mt19937 random_;
    std::vector<SubscriptionId> logs_;
    EventId low_water_{};
    bool holds_one_ = false;
};

/// The parts of a result that are compared and printed.
template <class T>
std::string summary(const Result<Page<T>>& page) {
    if (!page) return page.error().to_string();
    std::string text = std::to_string(page->total.value()) + ":";
    for (const T& row : page->items) {
        text += " " + std::to_string(row.id.value);
    }
    return text;
}

/// The storage that is tested and the in-memory storage, with the same rows.
class ListFixture : public Fixture {
public:
    explicit ListFixture(StorageUnderTest& given)
        : Fixture(given), random_queries_(given.random_list_queries()) {}

    using Ask = std::function<std::string(Storage&, const ListQuery&)>;

    void fill(unsigned seed) {
        const auto other_clock = std::make_shared<ManualClock>();
        in_memory_ = make_memory_storage(other_clock);
        log = Rows(*storage, *clock, worker, seed).fill();
        const Worker other = in_memory_->register_worker(10s).value();
        CHECK(Rows(*in_memory_, *other_clock, other, seed).fill() == log);
    }

    void compare(ListKind kind, RandomFilters& random, const Ask& ask) {
        for (int round = 0; round < random_queries_; ++round) {
            const FilterTree tree = random.filter();
            const Spelled filter = tree.text();
            const Spelled sort = random.sort();
            const std::string take = std::to_string(random.below(30));
            const std::string skip = std::to_string(random.below(10));
            INFO("filter=" << filter.mixed << "&sort=" << sort.mixed << "&take=" << take
                           << "&skip=" << skip << "\nin OData's spelling: " << filter.odata);
            const std::string expected = answered(
                *in_memory_, ask,
                {.filter = filter.odata, .sort = sort.odata, .take = take, .skip = skip}, kind);
            const std::string answer = answered(
                *storage, ask,
                {.filter = filter.mixed, .sort = sort.mixed, .take = take, .skip = skip}, kind);
            if (answer == expected) continue;
            const FilterTree smallest =
                shrink(tree, [&](const Spelled& part) { return agree(kind, part, ask); });
            FAIL("it differs from the storage in memory, at the smallest on: "
                 << smallest.text().mixed << "\n  expected: " << expected
                 << "\n  answer: " << answer);
        }
        SUCCEED();
    }

    void compare(ListKind kind, const std::vector<QueryTwins>& all, const Ask& ask) {
        for (const QueryTwins& twins : all) {
            INFO("filter=" << twins.dynamic.filter.value_or("")
                           << "&sort=" << twins.dynamic.sort.value_or(""));
            CHECK(answered(*storage, ask, twins.dynamic, kind) ==
                  answered(*in_memory_, ask, twins.odata, kind));
        }
    }

    SubscriptionId log{};

private:
    static std::string answered(Storage& asked, const Ask& ask, const ListQueryText& text,
                                ListKind kind) {
        const Result<ListQuery> query = ListQuery::parse(text, kind);
        if (!query) FAIL(query.error().to_string());
        return ask(asked, *query);
    }

    /// Whether a filter in any spelling gives the same result as the filter in OData's.
    bool agree(ListKind kind, const Spelled& filter, const Ask& ask) {
        return answered(*storage, ask, {.filter = filter.mixed}, kind) ==
               answered(*in_memory_, ask, {.filter = filter.odata}, kind);
    }

    /// The smallest part of a filter for which they differ.
    static FilterTree shrink(const FilterTree& tree,
                             const std::function<bool(const Spelled&)>& agrees) {
        for (const FilterTree& child : tree.children) {
            if (!agrees(child.text())) return shrink(child, agrees);
        }
        return tree;
    }

    const int random_queries_;
    std::shared_ptr<Storage> in_memory_;
};

#define LIST_TEST(name) WEBHOOKS_CONTRACT_TEST(StorageUnderTest, ListFixture, name)

LIST_TEST("random list queries on subscriptions give the same result as in memory") {
    this->fill(1);
    RandomFilters random({.numbers = {"id", "maxRetryCount"},
                          .texts = {"name", "eventType", "url", "userId"},
                          .times = {"createdAt", "updatedAt"},
                          .booleans = {"isActive"}},
                         2);
    const std::vector<Principal> callers = {alice, bob, admin};
    this->compare(ListKind::subscriptions, random, [&](Storage& asked, const ListQuery& query) {
        const Principal& caller = callers[query.take % callers.size()];
        return summary(asked.list_subscriptions(caller, query));
    });
}

LIST_TEST("random list queries on events give the same result as in memory") {
    this->fill(3);
    RandomFilters random({.numbers = {"id", "webhookSubscriptionId", "statusCode", "retryCount"},
                          .texts = {"eventType", "payload", "response", "errorMessage"},
                          .times = {"sentAt", "nextRetryAt", "createdAt"},
                          .booleans = {"isSuccess"}},
                         4);
    this->compare(ListKind::events, random, [&](Storage& asked, const ListQuery& query) {
        return summary(asked.list_events(admin, this->log, query));
    });
}

LIST_TEST("random list queries on all events give the same result as in memory") {
    this->fill(5);
    const Result<Page<Event>> some = this->storage->list_all_events(admin, {});
    if (!some && some.error() == Errc::unsupported) return;
    RandomFilters random({.numbers = {"id", "webhookSubscriptionId", "statusCode", "retryCount"},
                          .texts = {"eventType", "payload", "response", "errorMessage"},
                          .times = {"sentAt", "nextRetryAt", "createdAt"},
                          .booleans = {"isSuccess"}},
                         6);
    const std::vector<Principal> callers = {Principal::user("carol"), Principal::user("dave"),
                                            admin};
    this->compare(ListKind::events, random, [&](Storage& asked, const ListQuery& query) {
        return summary(asked.list_all_events(callers[query.take % callers.size()], query));
    });
}

LIST_TEST("a query of Dynamic LINQ gives the same result as its twin of OData in memory") {
    this->fill(7);
    this->compare(ListKind::subscriptions, subscription_twins,
                  [](Storage& asked, const ListQuery& query) {
                      return summary(asked.list_subscriptions(admin, query));
                  });
    this->compare(ListKind::events, event_twins, [&](Storage& asked, const ListQuery& query) {
        return summary(asked.list_events(admin, this->log, query));
    });
}

#undef LIST_TEST

STORAGE_TEST("paging by after visits every row once, in either direction") {
    const SubscriptionId id = this->subscribe().id;
    std::vector<std::int64_t> all;
    for (int i = 0; i < 25; ++i) {
        all.push_back(this->append_one(id).value);
    }
    for (const bool is_descending : {false, true}) {
        std::vector<std::int64_t> seen;
        ListQuery query{.sort = {{.field = "id", .is_descending = is_descending}}, .take = 7};
        while (true) {
            const Page<Event> page = this->storage->list_events(alice, id, query).value();
            CHECK(page.total == 25);
            if (page.items.empty()) break;
            for (const Event& row : page.items) {
                seen.push_back(row.id.value);
            }
            query.after = seen.back();
        }
        std::vector<std::int64_t> expected = all;
        if (is_descending) std::ranges::reverse(expected);
        CHECK(seen == expected);
    }
}

STORAGE_TEST("no filter reaches another user's rows") {
    this->subscribe("alice");
    this->subscribe("bob");
    for (const char* filter : {"true", "userId eq 'bob' or true", "not (userId eq 'alice')",
                               "userId eq 'bob'", "id gt 0 or userId ne ''"}) {
        CAPTURE(filter);
        const ListQuery query =
            ListQuery::parse({.filter = filter}, ListKind::subscriptions).value();
        const Page<Subscription> page = this->storage->list_subscriptions(alice, query).value();
        for (const Subscription& row : page.items) {
            CHECK(row.user_id == "alice");
        }
        REQUIRE(page.total);
        CHECK(*page.total <= 1);
    }
}

STORAGE_TEST("a page whose payloads are larger than 16 MiB is rejected, unless they are left out") {
    const SubscriptionId id = this->subscribe().id;
    const std::string payload(3 << 20, 'x');
    for (int i = 0; i < 6; ++i) {
        this->append_one(id, payload);
    }
    const auto rejection = [](const auto& page) {
        return page ? std::vector<FieldError>() : page.error().fields();
    };
    const std::vector<FieldError> expected = page_too_large().fields();
    ListQuery query;
    CHECK(rejection(this->storage->list_events(alice, id, query)) == expected);
    CHECK(rejection(this->storage->list_all_events(alice, query)) == expected);
    query.filter = starts_with(field("payload"), "x");
    CHECK(rejection(this->storage->list_events(alice, id, query)) == expected);
    query.select = {"id", "eventType"};
    const Page<Event> ids = this->storage->list_events(alice, id, query).value();
    CHECK(ids.items.size() == 6);
    CHECK(ids.items.front().payload.empty());
    const Page<Event> some = this->storage->list_events(alice, id, {.take = 5}).value();
    CHECK(some.items.size() == 5);
    CHECK(some.items.back().payload == payload);
    ListQuery subscriptions{.include_events = true};
    CHECK(rejection(this->storage->list_subscriptions(alice, subscriptions)) == expected);
    // The limit is the page's, not each subscription's.
    const SubscriptionId other = this->subscribe().id;
    for (int i = 0; i < 3; ++i) {
        this->append_one(other, payload);
        this->storage->delete_event(alice, id, ids.items[static_cast<std::size_t>(i)].id).value();
    }
    CHECK(rejection(this->storage->list_subscriptions(alice, subscriptions)) == expected);
    subscriptions.take = 1;
    CHECK(this->storage->list_subscriptions(alice, subscriptions).value().items.size() == 1);
}

STORAGE_TEST("a list that needs no total is the same without it") {
    const SubscriptionId id = this->subscribe().id;
    this->append_one(id);
    this->append_one(id);
    const ListQuery counted{.take = 1};
    ListQuery query = counted;
    query.has_total = false;
    const Page<Event> events = this->storage->list_events(alice, id, query).value();
    CHECK_FALSE(events.total);
    REQUIRE(events.items.size() == 1);
    CHECK(events.items[0].id == this->storage->list_events(alice, id, counted).value().items[0].id);
    CHECK_FALSE(this->storage->list_all_events(alice, query).value().total);
    const auto subscriptions = this->storage->list_subscriptions(alice, query).value();
    CHECK_FALSE(subscriptions.total);
    CHECK(subscriptions.items.size() == 1);
}

STORAGE_TEST("an invalid query is rejected before storage is accessed") {
    const Result<Page<Subscription>> page = this->storage->list_subscriptions(
        alice, {.filter = field("nme") == "x", .sort = {{.field = "secret"}}});
    CHECK(page.error() == Errc::invalid_argument);
    CHECK(page.error().fields().size() == 2);
}

}  // namespace
}  // namespace webhooks::testing::storage_contract
