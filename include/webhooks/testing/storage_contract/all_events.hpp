#pragma once

#include <webhooks/testing/storage_contract/fixture.hpp>

namespace webhooks::testing::storage_contract {
namespace {

using namespace std::chrono_literals;

/// The events of all subscriptions that a caller may see.
class AllEventsFixture : public Fixture {
public:
    using Fixture::Fixture;

    const SubscriptionId first = subscribe("alice").id;
    const SubscriptionId second = subscribe("alice").id;
    const SubscriptionId of_bob = subscribe("bob").id;

    bool is_unsupported() const {
        const Result<Page<Event>> page = storage->list_all_events(alice, {});
        return !page && page.error() == Errc::unsupported;
    }

    /// The ids that a query returns, and the total.
    std::string found(const Principal& caller, const ListQueryText& text) const {
        const ListQuery query = ListQuery::parse(text, ListKind::events).value();
        return found(caller, query);
    }
    std::string found(const Principal& caller, const ListQuery& query) const {
        const Page<Event> page = storage->list_all_events(caller, query).value();
        std::string text = std::to_string(page.total.value()) + ":";
        for (const Event& event : page.items)
            text += " " + std::to_string(event.id.value);
        return text;
    }

    EventId ended(SubscriptionId id, int status, Outcome outcome) {
        const EventId event = append_one(id);
        Attempt attempt{
            .number = 1, .sent_at = clock->now(), .status_code = status, .outcome = outcome};
        const bool is_failure = outcome != Outcome::delivered;
        if (is_failure) attempt.error_message = "endpoint responded with " + std::to_string(status);
        const auto due =
            outcome == Outcome::retry ? std::optional(clock->now() + 1h) : std::nullopt;
        record(id, event, attempt, due);
        return event;
    }
};

// A storage without such a list returns `unsupported`, and still fulfils the contract.
#define ALL_EVENTS_TEST(name) WEBHOOKS_CONTRACT_TEST(StorageUnderTest, AllEventsFixture, name)

ALL_EVENTS_TEST(
    "all of a user's events are one list, without those of others or of deleted subscriptions") {
    if (this->is_unsupported()) return;
    CHECK(this->found(alice, ListQueryText{}) == "0:");
    for (const SubscriptionId id : {this->first, this->of_bob, this->second, this->first})
        this->append_one(id);
    CHECK(this->found(alice, ListQueryText{}) == "3: 1 3 4");
    CHECK(this->found(bob, ListQueryText{}) == "1: 2");
    CHECK(this->found(admin, ListQueryText{}) == "4: 1 2 3 4");
    CHECK(this->found(Principal::user("carol"), ListQueryText{}) == "0:");
    CHECK(this->found(alice, {.sort = "id desc", .take = "1", .skip = "1"}) == "3: 3");
    CHECK(this->found(alice, {.sort = "webhookSubscriptionId desc"}) == "3: 3 1 4");
    for (const char* filter : {"true", "webhookSubscriptionId gt 0", "id eq 2 or true",
                               "not (webhookSubscriptionId eq 1)", "isSuccess eq false or true"}) {
        INFO(filter);
        CHECK(this->found(alice, {.filter = filter}).find(" 2") == std::string::npos);
    }
    const Event event = this->storage->list_all_events(bob, {}).value().items.at(0);
    CHECK(event.subscription_id == this->of_bob);
    CHECK(event.event_type == "order.created");
    CHECK(event.payload == "{}");

    this->storage->delete_subscription(alice, this->first).value();
    CHECK(this->found(alice, ListQueryText{}) == "1: 3");
    CHECK(this->found(admin, {.filter = "isSuccess eq false"}) == "2: 2 3");
}

ALL_EVENTS_TEST("undelivered events are found in all subscriptions, in any state") {
    if (this->is_unsupported()) return;
    this->ended(this->first, 200, Outcome::delivered);                        // 1
    this->ended(this->second, 503, Outcome::exhausted);                       // 2
    this->ended(this->of_bob, 500, Outcome::exhausted);                       // 3
    this->ended(this->first, 404, Outcome::retry);                            // 4
    this->append_one(this->second);                                           // 5, in memory
    this->record_one(this->first);                                            // 6
    this->ended(this->second, 204, Outcome::delivered);                       // 7
    const EventId again = this->ended(this->first, 202, Outcome::delivered);  // 8
    this->storage->reopen_event(alice, this->first, again).value();
    const auto failed = [&](const Principal& caller, const char* filter) {
        return this->found(caller, {.filter = filter, .sort = "id desc"});
    };
    CHECK(failed(alice, "isSuccess eq false") == "5: 8 6 5 4 2");
    CHECK(failed(alice, "not isSuccess") == "5: 8 6 5 4 2");
    CHECK(failed(bob, "isSuccess eq false") == "1: 3");
    CHECK(failed(admin, "isSuccess ne true") == "6: 8 6 5 4 3 2");
    CHECK(failed(alice, "isSuccess eq true") == "2: 7 1");
    CHECK(failed(alice, "isSuccess or nextRetryAt ne null") == "5: 8 7 6 4 1");
    CHECK(failed(admin, "statusCode lt 300") == "3: 8 7 1");
    CHECK(failed(alice, "statusCode ge 500") == "1: 2");
    CHECK(failed(alice, "statusCode ge 200") == "5: 8 7 4 2 1");
    CHECK(failed(alice, "errorMessage ne null") == "2: 4 2");
    CHECK(failed(alice, "contains(errorMessage,'404')") == "1: 4");
    CHECK(failed(alice, "nextRetryAt ne null") == "3: 8 6 4");
    CHECK(failed(alice, "isSuccess eq false and nextRetryAt eq null") == "2: 5 2");
    CHECK(failed(alice, "nextRetryAt eq null") == "4: 7 5 2 1");
    // Events in the memory of a worker are still found after its end.
    this->replace_worker();
    CHECK(failed(alice, "isSuccess eq false") == "5: 8 6 5 4 2");
    this->take_over();
    CHECK(failed(alice, "isSuccess eq false") == "5: 8 6 5 4 2");
}

ALL_EVENTS_TEST("a list of failures is paged by after, newest first, and counts the whole") {
    if (this->is_unsupported()) return;
    std::vector<std::int64_t> expected;
    for (int i = 0; i < 25; ++i) {
        const SubscriptionId id = i % 2 == 0 ? this->first : this->second;
        const bool is_failure = i % 3 != 0;
        const EventId event = this->ended(id, is_failure ? 500 : 200,
                                          is_failure ? Outcome::exhausted : Outcome::delivered);
        if (is_failure) expected.insert(expected.begin(), event.value);
        this->ended(this->of_bob, 500, Outcome::exhausted);
    }
    ListQuery query =
        ListQuery::parse({.filter = "isSuccess eq false", .sort = "id desc"}, ListKind::events)
            .value();
    query.take = 5;
    std::vector<std::int64_t> seen;
    while (true) {
        const Page<Event> page = this->storage->list_all_events(alice, query).value();
        CHECK(page.total == static_cast<std::int64_t>(expected.size()));
        if (page.items.empty()) break;
        for (const Event& event : page.items)
            seen.push_back(event.id.value);
        query.after = seen.back();
    }
    CHECK(seen == expected);
}

ALL_EVENTS_TEST("a list of all events rejects what a list of one subscription rejects") {
    if (this->is_unsupported()) return;
    const Result<Page<Event>> page = this->storage->list_all_events(
        alice, {.filter = field("userId") == "bob", .sort = {{.field = "secret"}}});
    CHECK(page.error() == Errc::invalid_argument);
    CHECK(page.error().fields().size() == 2);
}

#undef ALL_EVENTS_TEST

}  // namespace
}  // namespace webhooks::testing::storage_contract
