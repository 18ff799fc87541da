#pragma once

#include <webhooks/testing/storage_contract/fixture.hpp>

namespace webhooks::testing::storage_contract {
namespace {

using namespace std::chrono_literals;

/// What tells a user why something failed or is inactive.
class DiagnosisFixture : public Fixture {
public:
    using Fixture::Fixture;

    Subscription found(SubscriptionId id) { return storage->find_subscription(admin, id).value(); }

    void deactivate(const Subscription& subscription, std::optional<Time> failing_since) {
        write({.deactivations = {{.subscription = subscription.id,
                                  .revision = subscription.revision,
                                  .failing_since = failing_since}}});
    }

    std::string listed(const std::string& filter, const std::string& sort = "id") {
        const ListQuery query =
            ListQuery::parse({.filter = filter, .sort = sort}, ListKind::subscriptions).value();
        std::string text;
        for (const Subscription& row : storage->list_subscriptions(alice, query).value().items)
            text += std::to_string(row.id.value) + " ";
        return text;
    }

    EventId exhausted(SubscriptionId id) {
        const EventId event = append_one(id);
        record(id, event, {.number = 1, .outcome = Outcome::exhausted});
        return event;
    }
};

#define DIAGNOSIS_TEST(name) WEBHOOKS_CONTRACT_TEST(StorageUnderTest, DiagnosisFixture, name)

DIAGNOSIS_TEST("a failed attempt keeps its details, and only it") {
    const AttemptDetails all{
        .response_headers = {{"server", "nginx: 1"}, {"date", ""}, {"via", "a, \xC3\xA4"}},
        .address = "2001:db8::1",
        .lookup = 1us,
        .connect = 20ms,
        .tls = 0us,
        .first_byte = 3s};
    const SubscriptionId id = this->subscribe().id;
    const EventId event = this->append_one(id);
    const Time now = this->clock->now();
    const auto attempt = [&](int number, Outcome outcome, std::optional<AttemptDetails> details) {
        Attempt made{.number = number, .sent_at = now, .outcome = outcome};
        if (details) made.details = std::make_shared<const AttemptDetails>(*details);
        const auto due = outcome == Outcome::retry ? std::optional(now) : std::nullopt;
        this->record(id, event, std::move(made), due, number > 1);
        this->claim();
    };
    attempt(1, Outcome::retry, all);
    attempt(2, Outcome::retry, AttemptDetails{});
    attempt(3, Outcome::retry, AttemptDetails{.address = "192.0.2.1", .connect = 5s});
    attempt(4, Outcome::delivered, {});
    const std::vector<Attempt> attempts = this->history(id, event).attempts;
    REQUIRE(attempts.size() == 4);
    for (std::size_t i = 0; i < 3; ++i)
        REQUIRE(attempts[i].details);
    CHECK(*attempts[0].details == all);
    CHECK(*attempts[1].details == AttemptDetails{});
    CHECK(*attempts[2].details == AttemptDetails{.address = "192.0.2.1", .connect = 5s});
    CHECK_FALSE(attempts[3].details);
}

DIAGNOSIS_TEST("an inactive subscription says why and since when, until it is active again") {
    const Subscription subscription = this->subscribe();
    CHECK_FALSE(subscription.deactivation_reason);
    this->clock->advance(1s);
    const Time then = this->clock->now();
    DeactivationReason reason{};
    SECTION("by a caller") {
        this->storage->update_subscription(alice, subscription.id, {.is_active = false}).value();
        reason = DeactivationReason::user;
    }
    SECTION("because its endpoint is gone") {
        this->deactivate(subscription, {});
        reason = DeactivationReason::gone;
    }
    SECTION("because its endpoint only failed") {
        this->deactivate(subscription, then - 1h);
        reason = DeactivationReason::failing;
    }
    CHECK(this->found(subscription.id).deactivation_reason == reason);
    CHECK(this->found(subscription.id).deactivated_at == then);
    this->clock->advance(1s);
    // Another change, and another deactivation, change nothing of that.
    this->storage->update_subscription(alice, subscription.id, {.is_active = false}).value();
    this->storage->update_subscription(alice, subscription.id, {.name = "other"}).value();
    CHECK(this->found(subscription.id).deactivation_reason == reason);
    CHECK(this->found(subscription.id).deactivated_at == then);
    this->storage->update_subscription(alice, subscription.id, {.is_active = true}).value();
    CHECK_FALSE(this->found(subscription.id).deactivation_reason);
    CHECK_FALSE(this->found(subscription.id).deactivated_at);
}

DIAGNOSIS_TEST("a subscription that is created inactive was deactivated by a caller") {
    Subscription draft = this->subscribe();
    draft.is_active = false;
    const Subscription made = this->storage->insert_subscription(admin, draft).value();
    CHECK(made.deactivation_reason == DeactivationReason::user);
    CHECK(made.deactivated_at == made.created_at);
    CHECK(this->found(made.id).deactivated_at == made.created_at);
}

DIAGNOSIS_TEST("subscriptions are filtered and sorted by what their endpoints do") {
    const Time now = this->clock->now();
    std::vector<Subscription> all;
    for (int i = 0; i < 5; ++i)
        all.push_back(this->subscribe());
    const auto state = [&](std::size_t i, Time failing_since, std::optional<Time> paused_until) {
        this->write({.states = {{.subscription = all[i].id,
                                 .revision = all[i].revision,
                                 .failing_since = failing_since,
                                 .paused_until = paused_until}}});
    };
    state(0, now - 1h, {});
    state(1, now - 2h, now + 1h);
    this->deactivate(all[2], {});
    this->storage->update_subscription(alice, all[3].id, {.is_active = false}).value();
    CHECK(this->listed("failingSince ne null", "failingSince") == "2 1 ");
    CHECK(this->listed("pausedUntil ne null") == "2 ");
    CHECK(this->listed("failingSince lt 1970-01-01") == "");
    CHECK(this->listed("deactivationReason in ('gone','failing')") == "3 ");
    CHECK(this->listed("DeactivationReason == null && FailingSince == null") == "5 ");
    CHECK(this->listed("id gt 0", "deactivationReason desc,id") == "4 3 1 2 5 ");
}

DIAGNOSIS_TEST("only events of the period are counted and reopened") {
    const SubscriptionId id = this->subscribe().id;
    std::vector<EventId> events;
    std::vector<Time> times;
    for (int i = 0; i < 3; ++i) {
        times.push_back(this->clock->now());
        events.push_back(this->exhausted(id));
        this->clock->advance(1us);
    }
    const CreationPeriod period{.since = times[1], .until = times[2]};
    const Result<std::size_t> counted = this->storage->count_undelivered(alice, id, period);
    if (counted.error() != Errc::unsupported) {
        CHECK(counted.value() == 1);
        CHECK(this->storage->count_undelivered(alice, id, {}).value() == 3);
        CHECK(this->storage->count_undelivered(bob, id, {}).error() == Errc::not_found);
    }
    CHECK(this->claim().empty());
    CHECK(this->storage->reopen_undelivered(alice, id, period, {}, 10).value().count == 1);
    CHECK(this->claim() == std::vector{events[1]});
    if (!counted) return;
    // A worker has it in its memory.
    CHECK(this->storage->count_undelivered(alice, id, {}).value() == 2);
}

DIAGNOSIS_TEST("an event is found without its subscription by those who may see it") {
    const SubscriptionId id = this->subscribe().id;
    const EventId event = this->exhausted(id);
    const auto find = [&](const Principal& caller, std::optional<std::uint64_t> tag = {}) {
        return this->storage->find_any_event(caller, event, tag);
    };
    if (find(alice).error() == Errc::unsupported) return;
    const EventHistory found = find(alice).value();
    CHECK(found.event.id == event);
    CHECK(found.event.subscription_id == id);
    CHECK(found.attempts.size() == 1);
    CHECK(find(admin, this->worker.tag).value().event.id == event);
    CHECK(find(admin, this->worker.tag + 1).error() == Errc::not_found);
    CHECK(find(bob).error() == Errc::not_found);
    CHECK(this->storage->find_any_event(admin, {event.value + 1}, {}).error() == Errc::not_found);
    this->storage->delete_subscription(alice, id).value();
    CHECK(find(admin).error() == Errc::not_found);
}

#undef DIAGNOSIS_TEST

}  // namespace
}  // namespace webhooks::testing::storage_contract
