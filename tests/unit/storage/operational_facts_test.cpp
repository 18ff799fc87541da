#include <storage/operational_facts.hpp>
#include <support/catch.hpp>

namespace webhooks::storage {
namespace {

using namespace std::chrono_literals;
using Catch::Matchers::ContainsSubstring;

constexpr Time began{std::chrono::sys_days(std::chrono::year(2026) / 1 / 31) + 9h + 5min};

Subscription sample() {
    return {.id = {7},
            .name = "a \"name\"\n",
            .event_type = "order.*",
            .url = "https://example.com/hook?token=canary#canary",
            .secret = Secret("canary-secret"),
            .headers = {{"authorization", "canary"}},
            .user_id = "ann"};
}

std::string body_of(const Fact& fact) {
    return make_event(fact, began, began + 1s).body;
}

constexpr const char* subject =
    R"("subscription":{"id":7,"name":"a \"name\"\u000a","userId":"ann","eventType":"order.*",)"
    R"("url":"https://example.com/hook"})";

}  // namespace

TEST_CASE("an operational event is a JSON document with the subscription and what happened") {
    const OperationalEvent event =
        make_event(created(sample(), Principal::administrator("root")), began, began + 1s);
    CHECK(event.type == "webhook.subscription.created");
    CHECK(event.subscription == SubscriptionId{7});
    CHECK(event.time == began + 1s);
    CHECK(event.body == std::string(R"({"type":"webhook.subscription.created",)"
                                    R"("timestamp":"2026-01-31T09:05:01.000Z","data":{)") +
                            subject +
                            R"(,"changed":[],"by":{"userId":"root","kind":"administrator"}}})");
}

TEST_CASE("a change names the members that differ, and is no event if none does") {
    const Principal ann = Principal::user("ann");
    Subscription after = sample();
    CHECK_FALSE(updated(sample(), after, ann));
    after.secret = Secret("another");
    after.headers.clear();
    after.is_active = false;
    const std::optional<Fact> fact = updated(sample(), after, ann);
    REQUIRE(fact);
    CHECK_THAT(body_of(*fact), ContainsSubstring(R"("changed":["secret","headers","isActive"],)"
                                                 R"("by":{"userId":"ann","kind":"user"}})"));
}

TEST_CASE("failing, recovered and deactivated say since when, for how long and how many") {
    const LastAttempt attempt{.event = {12},
                              .number = 3,
                              .sent_at = began,
                              .status_code = 500,
                              .error_message = "endpoint responded with 500"};
    CHECK_THAT(
        body_of(failing(sample(), {.failing_since = began, .last_attempt = attempt})),
        ContainsSubstring(
            R"("failingSince":"2026-01-31T09:05:00.000Z","deactivatesAt":null,"lastAttempt":)"
            R"({"eventId":12,"number":3,"sentAt":"2026-01-31T09:05:00.000Z","statusCode":500,)"
            R"("errorMessage":"endpoint responded with 500"}}})"));
    CHECK_THAT(body_of(recovered(sample(), 90s, 4)),
               ContainsSubstring(R"("failedFor":90,"undelivered":4}})"));
    CHECK_THAT(body_of(deactivated(sample(), {.failing_since = began}, 2)),
               ContainsSubstring(R"("reason":"failing","failingSince":"2026-01-31T09:05:00.000Z",)"
                                 R"("lastAttempt":null,"cancelled":2}})"));
    CHECK_THAT(body_of(deactivated(sample(), {}, 0)),
               ContainsSubstring(R"("reason":"gone","failingSince":null)"));
}

TEST_CASE("exhausted events are told with the latest one and their number") {
    const ExhaustedEvent event{
        .id = {12}, .worker_tag = 0xab, .event_type = "order.created", .created_at = began};
    CHECK_THAT(
        body_of(exhausted(sample(), event, 3)),
        ContainsSubstring(R"("event":{"id":12,"webhookId":"00000000000000ab_12",)"
                          R"("eventType":"order.created","createdAt":"2026-01-31T09:05:00.000Z"},)"
                          R"("count":3,"since":"2026-01-31T09:05:00.000Z"}})"));
}

TEST_CASE("a lost worker is told to operators only") {
    const Fact fact = worker_lost({3}, {}, 8);
    CHECK(fact.owner == "");
    CHECK_FALSE(make_event(fact, began, began).subscription);
    CHECK_THAT(body_of(fact),
               ContainsSubstring(R"("data":{"workerId":3,"host":null,"takenOver":8}})"));
}

TEST_CASE("operational events contain no query, secret or header") {
    Subscription after = sample();
    after.secret = Secret("canary-too");
    const Principal ann = Principal::user("ann");
    const Fact fact =
        GENERATE_COPY(created(sample(), ann), *updated(sample(), after, ann),
                      secret_rotated(after, ann), deleted(after, ann), failing(after, {}),
                      recovered(after, 1s, 1), deactivated(after, {}, 1), exhausted(after, {}, 1));
    CHECK_THAT(body_of(fact), !ContainsSubstring("canary"));
    CHECK(fact.owner == "ann");
}

TEST_CASE("no subscription hears of a subscription to operational events") {
    Subscription own = sample();
    own.event_type = "webhook.subscription.*";
    CHECK_FALSE(created(own, Principal::user("ann")).owner);
    CHECK_FALSE(deactivated(own, {}, 0).owner);
    CHECK_FALSE(updated(
                    own,
                    [&] {
                        Subscription renamed = own;
                        renamed.name = "other";
                        return renamed;
                    }(),
                    Principal::user("ann"))
                    ->owner);
}

}  // namespace webhooks::storage
