#include <base/nearest.hpp>
#include <publication/pattern.hpp>
#include <service/subscription_index.hpp>
#include <unit/service/fixture.hpp>

namespace webhooks::testing {
namespace {

std::string error_of(const Result<Subscription>& result, const std::string& field) {
    if (result) return "accepted";
    const Error error = result.error();
    for (const FieldError& field_error : error.fields()) {
        if (field_error.field == field) return field_error.message;
    }
    return "not named";
}

}  // namespace

TEST_CASE_METHOD(ServiceFixture, "a subscription gets defaults for absent members") {
    const Subscription subscription = subscribe();
    CHECK(subscription.id.value > 0);
    CHECK(subscription.user_id == "alice");
    CHECK(subscription.max_retry_count == 9);
    CHECK(subscription.is_active);
    CHECK(subscription.headers.empty());
    CHECK(subscription.secret.reveal().starts_with("whsec_"));
    CHECK(check_secret(subscription.secret));
    CHECK_FALSE(subscribe().secret == subscription.secret);
}

TEST_CASE_METHOD(ServiceFixture, "all errors of a draft are named together") {
    const Result<Subscription> result =
        service().create_subscription(alice, {.name = "",
                                              .event_type = "order.crated",
                                              .url = "http://127.0.0.1/",
                                              .secret = Secret("whsec_x"),
                                              .headers = {{"Host", "x"}},
                                              .max_retry_count = 101});
    CHECK(error_of(result, "name").starts_with("must be 1 to 256 characters"));
    CHECK(error_of(result, "eventType") ==
          "is not a registered event type; did you mean 'order.created'?");
    CHECK(error_of(result, "url").starts_with("address not allowed: "));
    CHECK(error_of(result, "secret") != "not named");
    CHECK(error_of(result, "headers.Host") != "not named");
    CHECK(error_of(result, "maxRetryCount") == "must be 0 to 100");
    CHECK(result.error().fields().size() == 6);
}

TEST_CASE_METHOD(ServiceFixture, "limits of a subscription hold at their edge") {
    const auto with_name = [&](std::string name) {
        return service()
            .create_subscription(
                alice,
                {.name = std::move(name), .event_type = "*", .url = "https://hooks.example.com/"})
            .has_value();
    };
    std::string umlauts;
    for (int i = 0; i < 256; ++i) {
        umlauts += "\xC3\xBC";
    }
    CHECK(with_name(umlauts));
    CHECK_FALSE(with_name(umlauts + "x"));
    CHECK_FALSE(with_name("bad \xFF"));
    CHECK_FALSE(with_name(std::string("nul \0", 5)));
    const Subscription subscription = subscribe();
    const auto with_count = [&](int count) {
        return service()
            .update_subscription(alice, subscription.id, {.max_retry_count = count})
            .has_value();
    };
    CHECK(with_count(0));
    CHECK(with_count(100));
    CHECK_FALSE(with_count(-1));
    CHECK_FALSE(with_count(101));
}

TEST_CASE_METHOD(ServiceFixture, "a pattern must match a registered type") {
    const auto accepts = [&](const std::string& type) {
        return service()
            .create_subscription(
                alice, {.name = "n", .event_type = type, .url = "https://hooks.example.com/"})
            .has_value();
    };
    CHECK(accepts("*"));
    CHECK(accepts("order.*"));
    CHECK(accepts("order.created"));
    for (const char* rejected :
         {"", "order", "ord.*", "order*", "*.created", "o*", "user.*", ".*"}) {
        CAPTURE(rejected);
        CHECK_FALSE(accepts(rejected));
    }
}

TEST_CASE_METHOD(ServiceFixture, "the errors of patterns say where '*' may stand") {
    const auto error = [&](const std::string& type) {
        return service()
            .create_subscription(
                alice, {.name = "n", .event_type = type, .url = "https://hooks.example.com/"})
            .error()
            .fields()
            .at(0)
            .message;
    };
    for (const char* pattern : {"order*", "*.created", "**", "o*.x"}) {
        CHECK(error(pattern) == "must have '*' only alone or after the last dot, as in 'order.*'");
    }
    CHECK(error("order.") == "must not end with a dot; all types below it are 'order.*'");
    CHECK(error("user.*") == "matches no registered event type");
}

TEST_CASE_METHOD(ServiceFixture, "event types are checked, sorted and updated by name") {
    CHECK(service().register_event_type({.name = "order.created", .description = "new"}));
    const auto types = service().event_types().value();
    REQUIRE(types.size() == 3 + operational_event_types().size());
    CHECK(types[0].name == "invoice.paid");
    CHECK(types[1].name == "order.created");
    CHECK(types[1].description == "new");
    for (const char* rejected : {"", ".", "a.", ".a", "a..b", "a b", "*", "a.*", "webhook.test",
                                 "webhook.other", "caf\xC3\xA9"}) {
        CAPTURE(rejected);
        CHECK_FALSE(service().register_event_type({.name = rejected, .description = ""}));
    }
    CHECK(service().register_event_type({.name = std::string(128, 'a'), .description = ""}));
    CHECK_FALSE(service().register_event_type({.name = std::string(129, 'a'), .description = ""}));
}

TEST_CASE_METHOD(ServiceFixture, "a bad change of another's subscription is not_found") {
    const Subscription subscription = subscribe(alice);
    CHECK(service().update_subscription(bob, subscription.id, {.name = ""}).error() ==
          Errc::not_found);
}

TEST_CASE("a pattern matches its own type, everything, or the types below its prefix") {
    CHECK(pattern_matches("a.b", "a.b"));
    CHECK(pattern_matches("*", "a.b"));
    CHECK(pattern_matches("a.*", "a.b"));
    CHECK(pattern_matches("a.*", "a.b.c"));
    CHECK_FALSE(pattern_matches("a.*", "a"));
    CHECK_FALSE(pattern_matches("a.*", "ab.c"));
    CHECK_FALSE(pattern_matches("a.b", "a.b.c"));
}

TEST_CASE("the nearest name is the one with the fewest edits, unless nothing is near") {
    CHECK(nearest("isActve", {"name", "isActive", "id"}) == "isActive");
    CHECK(nearest("xyzzyxyzzy", {"name", "id"}).empty());
    CHECK(nearest("id", {}).empty());
    CHECK(nearest(std::string(100'000, 'a'), {"aaa"}).empty());
}

TEST_CASE_METHOD(ServiceFixture, "bad options and missing parts are rejected by name") {
    ServiceOptions bad;
    bad.max_batch = 0;
    const Error error =
        WebhookService::open({.storage = storage, .transport = transport}, bad).error();
    REQUIRE(error.fields().size() == 1);
    CHECK(error.fields()[0].field == "max_batch");
    CHECK(WebhookService::open({.storage = storage}).error() == Errc::invalid_argument);
}

TEST_CASE_METHOD(ServiceFixture, "a rate limit is kept, within its bounds") {
    const auto [limit, is_right] = GENERATE(
        table<int, bool>({{0, true}, {1, true}, {100'000, true}, {-1, false}, {100'001, false}}));
    const Result<Subscription> changed =
        service().update_subscription(alice, subscribe().id, {.rate_limit = limit});
    const Result<Subscription> created = service().create_subscription(
        alice,
        {.name = "n", .event_type = "*", .url = "https://hooks.example.com/", .rate_limit = limit});
    REQUIRE(changed.has_value() == is_right);
    REQUIRE(created.has_value() == is_right);
    if (is_right) {
        CHECK(changed->rate_limit == limit);
        CHECK(created->rate_limit == limit);
    } else {
        CHECK(changed.error().detail() == "rateLimit: must be 0 to 100000");
        CHECK(created.error().detail() == "rateLimit: must be 0 to 100000");
    }
}

TEST_CASE_METHOD(ServiceFixture, "a timeout is kept, within its bounds") {
    const auto [seconds, is_valid] =
        GENERATE(table<int, bool>({{0, true}, {1, true}, {60, true}, {-1, false}, {61, false}}));
    const std::chrono::seconds timeout(seconds);
    const Result<Subscription> changed =
        service().update_subscription(alice, subscribe().id, {.timeout = timeout});
    const Result<Subscription> created = service().create_subscription(
        alice,
        {.name = "n", .event_type = "*", .url = "https://hooks.example.com/", .timeout = timeout});
    REQUIRE(changed.has_value() == is_valid);
    REQUIRE(created.has_value() == is_valid);
    if (is_valid) {
        CHECK(changed->timeout == timeout);
        CHECK(created->timeout == timeout);
    } else {
        for (const Error& error : {changed.error(), created.error()}) {
            CHECK(error.detail() ==
                  "timeoutSeconds: must be 1 to 60, or 0 for the transport's own limit");
        }
    }
}

}  // namespace webhooks::testing
