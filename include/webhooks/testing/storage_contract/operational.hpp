#pragma once

#include <webhooks/testing/storage_contract/operational_fixture.hpp>

namespace webhooks::testing::storage_contract {
namespace {

#define OPERATIONAL_TEST(name) WEBHOOKS_CONTRACT_TEST(StorageUnderTest, OperationalFixture, name)

using Types = std::vector<std::string>;

OPERATIONAL_TEST("an owner and operators hear of changes of a subscription, others do not") {
    if (this->is_unsupported()) return;
    const Subscription made = this->subscribe("alice");
    this->storage->update_subscription(alice, made.id, {.name = "new", .is_active = false}).value();
    this->storage->update_subscription(alice, made.id, {.name = "new"}).value();
    this->storage->rotate_secret(admin, made.id, Secret("canary-second"), 1h).value();
    this->storage->delete_subscription(alice, made.id).value();
    const Types expected = {"webhook.subscription.created", "webhook.subscription.updated",
                            "webhook.subscription.secret_rotated", "webhook.subscription.deleted"};
    CHECK(this->types_of(this->of_alice) == expected);
    CHECK(this->types_of(this->of_operator) == expected);
    CHECK(this->types_of(this->of_bob).empty());
    const std::vector<Event> events = this->events_of(this->of_alice);
    REQUIRE(events.size() == 4);
    CHECK(this->says(events[0], R"("url":"https://hooks.example.com/a"})"));
    CHECK(this->says(events[1], R"("changed":["name","isActive"],"by":{"userId":"alice",)"
                                R"("kind":"user"})"));
    CHECK(this->says(events[2], R"("by":{"userId":"admin","kind":"administrator"})"));
    REQUIRE(this->heard.size() == 4);
    for (std::size_t i = 0; i < 4; ++i) {
        CHECK(this->heard[i].type == events[i].event_type);
        CHECK(this->heard[i].body == events[i].payload);
        CHECK(this->heard[i].subscription == made.id);
        CHECK_FALSE(this->says(events[i], "s3cret"));
        CHECK_FALSE(this->says(events[i], "canary"));
        CHECK_FALSE(this->says(events[i], "b=c"));
    }
}

OPERATIONAL_TEST("operational events are due at once, for any worker, with a webhook-id") {
    if (this->is_unsupported()) return;
    this->subscribe("bob");
    const Claim claim = this->storage->claim(this->worker.id, 100).value();
    REQUIRE(claim.events.size() == 2);
    CHECK(claim.events[0].subscription == this->of_bob);
    CHECK(claim.events[1].subscription == this->of_operator);
    CHECK(claim.events[0].worker_tag == claim.events[1].worker_tag);
    CHECK(claim.events[0].message->event_type == "webhook.subscription.created");
    CHECK(claim.events[0].message->content_type == "application/json");
    CHECK(claim.events[0].has_row);
}

OPERATIONAL_TEST("only active subscriptions with a pattern of operational events hear of them") {
    if (this->is_unsupported()) return;
    const SubscriptionId all = this->subscribe_to("*", "alice");
    const SubscriptionId exact = this->subscribe_to("webhook.subscription.deleted", "alice");
    const SubscriptionId some = this->subscribe_to("webhook.subscription.*", "alice");
    const SubscriptionId exhausted = this->subscribe_to("webhook.event.*", "alice");
    const SubscriptionId inactive = this->subscribe_to("webhook.*", "alice");
    this->storage->update_subscription(alice, inactive, {.is_active = false}).value();
    this->drain();
    const SubscriptionId made = this->subscribe("alice").id;
    this->storage->delete_subscription(alice, made).value();
    CHECK(this->types_of(all).empty());
    CHECK(this->types_of(exhausted).empty());
    CHECK(this->types_of(inactive).empty());
    CHECK(this->types_of(exact) == Types{"webhook.subscription.deleted"});
    CHECK(this->types_of(some).size() == 2);
}

OPERATIONAL_TEST("of a subscription to operational events only the observer hears") {
    if (this->is_unsupported()) return;
    const SubscriptionId own = this->subscribe_to("webhook.event.exhausted", "alice");
    const Subscription judged = this->storage->find_subscription(alice, own).value();
    this->exhaust(own, 3);
    this->write({.failing_notices = {this->notice_of(judged)}});
    this->write({.deactivations = {{own, judged.revision}}});
    this->storage->delete_subscription(alice, own).value();
    CHECK(this->types_of(this->of_alice).empty());
    CHECK(this->types_of(this->of_operator).empty());
    CHECK(this->heard.size() == 5);
    this->clock->advance(10min);
    this->append_due();
    REQUIRE(this->heard.size() == 6);
    CHECK(this->heard[5].body.find(R"("count":2,)") != std::string::npos);
    CHECK(this->types_of(this->of_alice).empty());
}

OPERATIONAL_TEST(
    "a failing endpoint is told once, and its recovery once, with what is undelivered") {
    if (this->is_unsupported()) return;
    const Subscription judged = this->subscribe("alice");
    const EventId failed = this->append_one(judged.id);
    this->record(judged.id, failed,
                 {.number = 1, .sent_at = this->clock->now(), .outcome = Outcome::exhausted});
    this->drain();
    const FailingNotice notice = this->notice_of(judged);
    this->write({.states = {{judged.id, judged.revision, notice.failing_since}},
                 .failing_notices = {notice}});
    this->write({.failing_notices = {notice, notice}});
    REQUIRE(this->types_of(this->of_alice) == Types{"webhook.subscription.failing"});
    const Event failing = this->events_of(this->of_alice).front();
    CHECK(this->says(failing, R"("failingSince":")"));
    CHECK(this->says(failing, R"("number":3,)"));
    CHECK(this->says(failing, R"("errorMessage":"no response")"));
    CHECK(this->storage->find_subscription(alice, judged.id).value().notified_failing_since ==
          notice.failing_since);

    this->clock->advance(30s);
    const EndpointState success{.subscription = judged.id, .revision = judged.revision};
    CHECK(this->write({.states = {success}}).operational == 2);
    CHECK(this->write({.states = {success}}).operational == 0);
    REQUIRE(this->types_of(this->of_alice) ==
            Types{"webhook.subscription.failing", "webhook.subscription.recovered"});
    CHECK(this->says(this->events_of(this->of_alice)[1], R"("failedFor":3630,"undelivered":1})"));
    CHECK_FALSE(this->storage->find_subscription(alice, judged.id).value().notified_failing_since);

    // Another episode.
    this->write({.failing_notices = {this->notice_of(judged)}});
    CHECK(this->types_of(this->of_alice).size() == 3);
}

OPERATIONAL_TEST(
    "no endpoint is told as failing that has delivered since, has changed or is gone") {
    if (this->is_unsupported()) return;
    const Subscription judged = this->subscribe("alice");
    const EventId event = this->append_one(judged.id);
    FailingNotice notice = this->notice_of(judged);
    SECTION("it has delivered since") {
        this->record(judged.id, event,
                     {.number = 1, .sent_at = notice.failing_since, .outcome = Outcome::delivered});
    }
    SECTION("it has changed") {
        this->storage->rotate_secret(alice, judged.id, Secret("second"), 1h).value();
    }
    SECTION("it was deactivated") {
        this->write({.deactivations = {{judged.id, judged.revision}}});
    }
    SECTION("it was deleted") {
        this->storage->delete_subscription(alice, judged.id).value();
    }
    this->drain();
    this->write({.failing_notices = {notice}});
    CHECK(this->heard.empty());
    CHECK(this->types_of(this->of_alice).empty());
}

OPERATIONAL_TEST("a notice to all workers says that an endpoint was told as failing") {
    if (this->is_unsupported()) return;
    const Subscription judged = this->subscribe("alice");
    const std::int64_t before = this->storage->heartbeat(this->worker.id).value().last_notice;
    const FailingNotice notice = this->notice_of(judged);
    this->write({.failing_notices = {notice}});
    const std::vector<Notice> notices = this->storage->notices(before).value();
    if (notices.empty()) return;  // A storage of one running service at a time.
    REQUIRE(notices.size() == 1);
    CHECK(notices[0].subscription == judged.id);
    CHECK(notices[0].revision == judged.revision);
    CHECK(notices[0].notified_failing_since == notice.failing_since);
    CHECK_FALSE(notices[0].deleted_event);
}

OPERATIONAL_TEST("a deactivation by the service is told with its reason and the last attempt") {
    if (this->is_unsupported()) return;
    const Subscription judged = this->subscribe("alice");
    this->record_one(judged.id);
    this->drain();
    this->record_one(judged.id);
    const Time since = this->clock->now() - 1h;
    const Deactivation deactivation{.subscription = judged.id,
                                    .revision = judged.revision,
                                    .failing_since = since,
                                    .last_attempt = this->notice_of(judged).last_attempt};
    CHECK(this->write({.deactivations = {deactivation}}).operational == 2);
    this->write({.deactivations = {deactivation}});
    REQUIRE(this->types_of(this->of_operator) == Types{"webhook.subscription.deactivated"});
    const Event told = this->events_of(this->of_operator).front();
    CHECK(this->says(told, R"("reason":"failing","failingSince":")"));
    CHECK(this->says(told, R"("lastAttempt":{"eventId":5,"number":3,)"));
    CHECK(this->says(told, R"("cancelled":2}})"));
}

OPERATIONAL_TEST("exhausted events of a window are told as the first and the number of the rest") {
    if (this->is_unsupported()) return;
    const SubscriptionId mine = this->subscribe("alice").id;
    this->drain();
    this->exhaust(mine, 4);
    this->clock->advance(30s);
    this->exhaust(mine, 1);
    this->exhaust(mine, 6);
    CHECK(this->types_of(this->of_alice) == Types{"webhook.event.exhausted"});
    this->clock->advance(9min);
    this->append_due();
    CHECK(this->types_of(this->of_alice).size() == 1);
    this->clock->advance(30s);
    this->append_due();
    this->append_due();
    const std::vector<Event> told = this->events_of(this->of_alice);
    REQUIRE(told.size() == 2);
    CHECK(this->says(told[0], R"("eventType":"order.created",)"));
    CHECK(this->says(told[0], R"("count":1,)"));
    CHECK(this->says(told[1], R"("count":10,)"));
    CHECK_FALSE(this->says(told[1], "canary"));
}

OPERATIONAL_TEST("a test event that failed is not told as exhausted") {
    if (this->is_unsupported()) return;
    const SubscriptionId mine = this->subscribe("alice").id;
    Batch batch{.revision = this->revision()};
    batch.appends.push_back({.message = std::make_shared<Message>(
                                 Message{.event_type = std::string(test_event_type),
                                         .content_type = "application/json",
                                         .payload = std::make_shared<const std::string>("{}")}),
                             .subscriptions = {mine}});
    const EventId event = this->write(batch).appends.front().value().first_event;
    this->drain();
    this->record(mine, event,
                 {.number = 1, .sent_at = this->clock->now(), .outcome = Outcome::exhausted});
    CHECK(this->heard.empty());
}

OPERATIONAL_TEST("beyond a thousand events in a minute the rest is told as a number in the next") {
    if (this->is_unsupported()) return;
    const Subscription mine = this->subscribe("alice");
    // With alice's and the operator's ten.
    for (int i = 0; i < 8; ++i) {
        this->subscribe_to("webhook.*", "alice");
    }
    this->clock->advance(2min);
    this->drain();
    for (int i = 0; i < 100; ++i) {
        this->storage->update_subscription(alice, mine.id, {.name = std::to_string(i)}).value();
    }
    CHECK(this->heard.size() == 100);
    this->storage->update_subscription(alice, mine.id, {.name = "a"}).value();
    this->storage->update_subscription(alice, mine.id, {.name = "b"}).value();
    CHECK(this->heard.size() == 100);
    this->clock->advance(1min);
    this->append_due();
    REQUIRE(this->heard.size() == 101);
    CHECK(this->heard.back().body.find(R"("name":"b")") != std::string::npos);
    CHECK(this->heard.back().body.find(R"("count":2,)") != std::string::npos);
}

OPERATIONAL_TEST("operators hear once of a worker that was lost, and not of one that retired") {
    if (this->is_unsupported()) return;
    const std::optional<Worker> lost = this->second_worker();
    if (!lost) return;  // Told when the next one registers: sqlite_test.cpp.
    const std::optional<Worker> retired = this->second_worker();
    this->storage->retire_worker(retired->id).value();
    const SubscriptionId mine = this->subscribe("alice").id;
    Batch batch{.number = 1, .revision = this->revision()};
    batch.appends.push_back({.message = this->message("{}"), .subscriptions = {mine}});
    batch.appends.push_back({.message = this->message("{}"), .subscriptions = {mine}});
    batch.report = WorkerReport{.host = "left", .version = "1"};
    this->storage->write(lost->id, batch).value();
    this->drain();
    this->clock->advance(5s);
    this->storage->heartbeat(this->worker.id).value();
    this->clock->advance(6s);
    this->storage->heartbeat(this->worker.id).value();
    this->storage->mark_expired(this->worker.id).value();
    CHECK(this->storage->take_over(this->worker.id, 1).value() == 1);
    while (this->storage->take_over(this->worker.id, 1).value() > 0) {
    }
    CHECK(this->types_of(this->of_alice).empty());
    REQUIRE(this->types_of(this->of_operator) == Types{"webhook.worker.lost"});
    CHECK(this->says(this->events_of(this->of_operator).front(),
                     R"("data":{"workerId":)" + std::to_string(lost->id.value) +
                         R"(,"host":"left","takenOver":2}})"));
    REQUIRE(this->heard.size() == 1);
    CHECK_FALSE(this->heard[0].subscription);
}

OPERATIONAL_TEST("a subscription with an operator's scope is visible to administrators only") {
    if (this->is_unsupported()) return;
    const SubscriptionId scoped = this->subscribe_to("webhook.*", "alice", true);
    const EventId event = this->append_one(scoped);
    CHECK(this->storage->find_subscription(admin, scoped).value().operator_scope);
    CHECK(this->storage->find_subscription(alice, scoped).error() == Errc::not_found);
    CHECK(this->storage->delete_subscription(alice, scoped).error() == Errc::not_found);
    CHECK(this->storage->find_event(alice, scoped, event).error() == Errc::not_found);
    for (const Subscription& visible :
         this->storage->list_subscriptions(alice, {.take = 100}).value().items) {
        CHECK(visible.id != scoped);
    }
    const Result<Page<Event>> all = this->storage->list_all_events(alice, {.take = 100});
    for (const Event& visible : all ? all->items : std::vector<Event>()) {
        CHECK(visible.subscription_id != scoped);
    }
    const Page<Subscription> found =
        this->storage
            ->list_subscriptions(admin, ListQuery::parse({.filter = "operatorScope eq true"},
                                                         ListKind::subscriptions)
                                            .value())
            .value();
    CHECK(found.total == 2);
}

#undef OPERATIONAL_TEST

}  // namespace
}  // namespace webhooks::testing::storage_contract
