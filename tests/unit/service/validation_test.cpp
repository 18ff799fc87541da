#include <service/validation.hpp>
#include <support/catch.hpp>
#include <webhooks/webhook_service.hpp>

namespace webhooks::service {
namespace {

using namespace std::chrono_literals;

/// The members that a check finds wrong, in order.
std::string wrong(const Result<>& verdict) {
    std::string members;
    if (verdict) return members;
    for (const FieldError& error : verdict.error().fields()) {
        members += (members.empty() ? "" : " ") + error.field;
    }
    return members;
}

struct ValidationFixture {
    ValidationFixture() { index.apply({.revision = 1, .event_types = {{"order.created", ""}}}); }
    Rules rules() const {
        return {.options = options,
                .types = VisibleTypes(index, nullptr),
                .now = Time(std::chrono::hours(500'000))};
    }

    ServiceOptions options{.max_publish_queue = 3, .max_payload_bytes = 10};
    SubscriptionIndex index{{}};
};

}  // namespace

TEST_CASE_METHOD(ValidationFixture, "all wrong members of a subscription are named, in order") {
    CHECK(wrong(check(SubscriptionChange{}, rules())).empty());
    CHECK(wrong(check(SubscriptionChange{.name = "",
                                         .event_type = "unknown.type",
                                         .url = "ftp://a.example.com",
                                         .max_retry_count = 101,
                                         .rate_limit = -1},
                      rules())) == "name eventType url maxRetryCount rateLimit");
}

TEST_CASE_METHOD(ValidationFixture, "a subscription's event type matches a registered one") {
    const auto verdict = [&](const std::string& pattern) {
        return wrong(check(SubscriptionChange{.event_type = pattern}, rules()));
    };
    CHECK(verdict("order.created").empty());
    CHECK(verdict("order.*").empty());
    CHECK(verdict("*").empty());
    CHECK(verdict("invoice.*") == "eventType");
    CHECK(verdict("order.**") == "eventType");
    CHECK(verdict("") == "eventType");
}

TEST_CASE_METHOD(ValidationFixture, "a publication has a registered type and a payload that fits") {
    CHECK(
        wrong(check(Publication{.event_type = "order.created", .payload = "{}"}, rules())).empty());
    CHECK(wrong(check(Publication{.event_type = "order.creatd", .payload = std::string(11, ' ')},
                      rules())) == "eventType payload");
    const Result<> verdict =
        check(Publication{.event_type = "order.creatd", .payload = "{}"}, rules());
    CHECK(verdict.error().fields().front().message.find("order.created") != std::string::npos);
}

TEST_CASE_METHOD(ValidationFixture, "a batch that can never fit into the queue is wrong") {
    const Publication one{.event_type = "order.created", .payload = "{}"};
    CHECK(check_size(std::vector<Publication>(3, one), rules()));
    CHECK(wrong(check_size(std::vector<Publication>(4, one), rules())) == "events");
    CHECK(wrong(check_size({}, rules())) == "events");
    options.max_payload_bytes_in_memory = 5;
    CHECK(check_size(std::vector<Publication>(2, one), rules()));
    CHECK(wrong(check_size(std::vector<Publication>(3, one), rules())) == "events");
}

TEST_CASE("a rotation needs another secret, and an overlap within its range") {
    const Secret current("whsec_" + std::string(32, 'A'));
    const Secret other("whsec_" + std::string(32, 'B'));
    CHECK(check_rotation({}, current, 0s));
    CHECK(check_rotation(other, current, 24h));
    CHECK(check_rotation(current, current, 24h).error() == Errc::conflict);
    CHECK(wrong(check_rotation(Secret("whsec_!"), current, -1s)) == "secret overlapSeconds");
}

TEST_CASE("a period ends after it begins") {
    const Time since{std::chrono::hours(500'000)};
    CHECK(check(CreationPeriod{.since = since}));
    CHECK(check(CreationPeriod{.since = since, .until = since + 1us}));
    CHECK(wrong(check(CreationPeriod{.since = since, .until = since})) == "until");
}

TEST_CASE_METHOD(ValidationFixture,
                 "an event type has a name of segments, and not one of the service's own") {
    const auto verdict = [&](const std::string& name) {
        return wrong(check_event_type({.name = name, .description = ""}, rules().types));
    };
    CHECK(verdict("order.created").empty());
    CHECK(verdict("order_2.item-added").empty());
    for (const char* name : {"", "order.", ".created", "order..created", "order created", "*"}) {
        CHECK(verdict(name) == "name");
    }
    CHECK(verdict("webhook.test") == "name");
    CHECK(verdict(std::string(129, 'a')) == "name");
    CHECK(wrong(check_event_type({.name = "a", .description = std::string(1025, 'a')},
                                 rules().types)) == "description");
}

}  // namespace webhooks::service
