#include <api/documents.hpp>

#include "api_fixture.hpp"

using namespace webhooks;
using namespace webhooks::http;
using namespace std::chrono_literals;

namespace {

struct ResendFixture : ApiFixture {
    std::string id =
        std::to_string(create(R"(,"secret":"first","maxRetryCount":0)").at("id").as_int64());
    std::string path = "/subscriptions/" + id;

    /// Publishes an event that is answered with this status. @return its path.
    std::string publish(int status_code) {
        transport->respond_with_status(status_code);
        const auto ids =
            json(202, "POST", "/events", R"({"eventType":"order.created","payload":1})");
        return path + "/events/" + serialize(ids.at("eventIds").at(0));
    }

    boost::json::object event(const std::string& event_path) {
        return json(200, "GET", event_path).at("event").as_object();
    }

    std::size_t sent() { return transport->requests().size(); }

    void deactivate() { json(200, "PUT", path, R"({"subscription":{"isActive":false}})"); }
};

std::string written(const auto& value) {
    json::Writer writer;
    write(writer, value);
    return writer.take();
}

}  // namespace

// ---- One event.

TEST_CASE_METHOD(ResendFixture, "an event is shown with its attempts as the last member") {
    const std::string failed = publish(500);
    const Response response = call("GET", "/v1/webhooks" + failed);
    CHECK(response.status == 200);
    CHECK(names(response.body) == "event success message ");
    const std::string event = raw_member(response.body, "event");
    CHECK(names(event) ==
          "id webhookSubscriptionId eventType payload statusCode response errorMessage isSuccess "
          "retryCount sentAt nextRetryAt createdAt webhookId contentType attempts ");
    CHECK(raw_member(event, "attempts") ==
          R"([{"number":1,"sentAt":"2026-01-01T00:00:00.000Z","durationMs":0,"statusCode":500,)"
          R"("response":"","errorMessage":"endpoint responded with 500","outcome":"exhausted"}])");
}

TEST_CASE("an attempt has its outcome in lower case, and its duration in milliseconds") {
    const auto [outcome, name] = GENERATE(table<Outcome, std::string>({
        {Outcome::delivered, "delivered"},
        {Outcome::retry, "retry"},
        {Outcome::exhausted, "exhausted"},
        {Outcome::cancelled, "cancelled"},
        {Outcome::expired, "expired"},
    }));
    CHECK(written(Attempt{.number = 3, .duration = 1234567us, .outcome = outcome}) ==
          R"({"number":3,"sentAt":"1970-01-01T00:00:00.000Z","durationMs":1234.567,)"
          R"("statusCode":null,"response":null,"errorMessage":null,"outcome":")" +
              name + R"("})");
}

TEST_CASE("a number is written with the decimals that it needs, never with an exponent") {
    const auto [number, text] = GENERATE(table<double, const char*>({
        {0, "0"},
        {0.001, "0.001"},
        {100000, "100000"},
        {15000, "15000"},
        {86400000.123, "86400000.123"},
        {0.1, "0.1"},
        {-2.5, "-2.5"},
    }));
    json::Writer writer;
    CHECK(writer.value(number).take() == text);
}

// ---- Retry.

TEST_CASE_METHOD(ResendFixture, "a retry is accepted, and sends at once") {
    const std::string failed = publish(500);
    transport->respond_with_status(200);
    const Response response = call("POST", "/v1/webhooks" + failed + "/retry");
    CHECK(response.status == 202);
    CHECK(names(response.body) == "event success message ");
    const std::string waiting = raw_member(response.body, "event");
    CHECK(names(waiting) ==
          "id webhookSubscriptionId eventType payload statusCode response errorMessage isSuccess "
          "retryCount sentAt nextRetryAt createdAt ");
    CHECK(raw_member(waiting, "nextRetryAt") == R"("2026-01-01T00:00:00.000Z")");
    CHECK(sent() == 2);
    const auto now = event(failed);
    CHECK(now.at("isSuccess") == true);
    CHECK(now.at("retryCount") == 1);
    CHECK(now.at("attempts").as_array().size() == 2);
    CHECK(now.at("attempts").at(1).at("outcome") == "delivered");
}

TEST_CASE_METHOD(ResendFixture, "a retry that waits for the end of a pause says until when") {
    json(200, "PUT", path, R"({"subscription":{"maxRetryCount":9}})");
    transport->respond([](const OutgoingRequest&) {
        return TransportAnswer{
            .kind = TransportAnswer::Kind::answered, .status_code = 429, .retry_after = "3600"};
    });
    const auto publish_one = [&] {
        const auto ids =
            json(202, "POST", "/events", R"({"eventType":"order.created","payload":1})");
        return path + "/events/" + serialize(ids.at("eventIds").at(0));
    };
    publish_one();
    const std::string waiting = publish_one();
    const auto answer = json(202, "POST", waiting + "/retry");
    CHECK(answer.at("message") ==
          "The event will be sent at 2026-01-01T01:00:00.000Z: until then the subscription is "
          "paused, "
          "because its endpoint asked to wait or failed too often.");
    CHECK(answer.at("event").at("nextRetryAt") == "2026-01-01T01:00:00.000Z");
    CHECK(sent() == 1);
}

TEST_CASE_METHOD(ResendFixture, "a retry needs neither a body nor a content type") {
    const std::string delivered = publish(200);
    content_type = "";
    json(202, "POST", delivered + "/retry");
    CHECK(sent() == 2);
}

TEST_CASE_METHOD(ResendFixture, "an event in flight is a 409") {
    transport->respond([](const OutgoingRequest&) { return std::nullopt; });
    const auto ids = json(202, "POST", "/events", R"({"eventType":"order.created","payload":1})");
    const auto answer =
        json(409, "POST", path + "/events/" + serialize(ids.at("eventIds").at(0)) + "/retry");
    CHECK(answer.at("message") == "the event is being delivered");
    CHECK_FALSE(answer.contains("errors"));
}

TEST_CASE_METHOD(ResendFixture, "an inactive subscription is a 409, except for test events") {
    const std::string failed = publish(500);
    const auto test = json(200, "POST", path + "/test").at("eventId");
    deactivate();
    const boost::json::value reason = "the subscription is not active: activate it first";
    CHECK(json(409, "POST", failed + "/retry").at("message") == reason);
    CHECK(json(409, "POST", path + "/recover", R"({"since":"2026-01-01"})").at("message") ==
          reason);
    CHECK(sent() == 2);
    json(202, "POST", path + "/events/" + serialize(test) + "/retry");
    CHECK(sent() == 3);
}

TEST_CASE_METHOD(ResendFixture, "an event of another subscription is absent") {
    const std::string event_id = publish(500).substr(path.size());
    const std::string other = "/subscriptions/" + std::to_string(create().at("id").as_int64());
    const Response absent = call("GET", "/v1/webhooks" + path + "/events/999");
    CHECK(absent.status == 404);
    CHECK(call("GET", "/v1/webhooks" + other + event_id).body == absent.body);
    CHECK(call("POST", "/v1/webhooks" + other + event_id + "/retry").body == absent.body);
}

// ---- Recover.

TEST_CASE_METHOD(ResendFixture, "recover returns how many events are resent") {
    publish(500);
    clock->advance(1min);
    publish(500);
    publish(500);
    publish(200);
    REQUIRE(sent() == 4);
    const Response response =
        call("POST", "/v1/webhooks" + path + "/recover", R"({"Since":"2026-01-01T00:01:00Z"})");
    CHECK(response.status == 202);
    CHECK(response.body ==
          R"({"recovered":2,"success":true,"message":"Events that will be resent: 2."})");
    CHECK(sent() == 6);
    CHECK(json(202, "POST", path + "/recover", R"({"since":"2026-01-01T01:00+01:00"})")
              .at("recovered") == 1);
    CHECK(json(202, "POST", path + "/recover", R"({"since":"2026-01-01"})").at("recovered") == 0);
}

TEST_CASE_METHOD(ResendFixture, "a recovery ends at a time, and a dry run only counts") {
    for (int i = 0; i < 3; ++i) {
        publish(500);
        clock->advance(1min);
    }
    const std::string period =
        R"("since":"2026-01-01T00:01:00Z","until":"2026-01-01T00:02:00Z","dryRun":)";
    const auto recover = [&](const char* is_dry_run) {
        return call("POST", "/v1/webhooks" + path + "/recover", "{" + period + is_dry_run + "}");
    };
    const Response counted = recover("true");
    CHECK(counted.status == 200);
    CHECK(counted.body ==
          R"({"recovered":1,"success":true,"message":"Events that would be resent: 1."})");
    CHECK(sent() == 3);
    deactivate();
    CHECK(recover("true").body == counted.body);
    CHECK(recover("false").status == 409);
    json(200, "PUT", path, R"({"subscription":{"isActive":true}})");
    CHECK(recover("null").status == 202);
    CHECK(sent() == 4);
}

TEST_CASE_METHOD(ResendFixture, "a recovery without a valid since is a 400 that names it") {
    const std::string no_time =
        R"({"since":["must be an RFC 3339 time, such as 2026-01-31T09:05:00Z"]})";
    const auto [body, expected] = GENERATE_COPY(table<std::string, std::string>({
        {"", R"({"since":["is required"]})"},
        {"[]", R"({"body":["must be a JSON object"]})"},
        {"{}", R"({"since":["is required"]})"},
        {R"({"since":null})", R"({"since":["is required"]})"},
        {R"({"since":1767225600})", R"({"since":["must be a string"]})"},
        {R"({"since":""})", no_time},
        {R"({"since":"yesterday"})", no_time},
        {R"({"since":"2026-01-01T00:00:00"})", no_time},
        {R"({"since":"2026-02-30"})", no_time},
        {R"({"since":"2026-01-02","until":"2026-01-02"})",
         R"({"until":["must be later than since"]})"},
        {R"({"since":"2026-01-02","until":"2026-01-01","dryRun":true})",
         R"({"until":["must be later than since"]})"},
        {R"({"since":"2026-01-02","until":1,"dryRun":"yes"})",
         R"({"dryRun":["must be true or false"],"until":["must be a string"]})"},
        {R"({"since":"2026-01-01","SINCE":"2026-01-01"})",
         R"x({"since":["is given more than once (names are case-insensitive)"]})x"},
    }));
    INFO(body);
    CHECK(errors("POST", path + "/recover", body) == expected);
    content_type = GENERATE("text/plain", "");
    // Without a body, its content type is not checked.
    CHECK(call("POST", "/v1/webhooks" + path + "/recover", body).status ==
          (body.empty() ? 400 : 415));
}

// ---- Rotation.

TEST_CASE_METHOD(ResendFixture, "a rotation returns the subscription with its new secret") {
    const auto [body, secret, overlap] =
        GENERATE(table<std::string, std::string, std::optional<std::chrono::seconds>>({
            {"", "whsec_", 24h},
            {"{}", "whsec_", 24h},
            {R"({"secret":null,"overlapSeconds":null})", "whsec_", 24h},
            {R"({"secret":"second"})", "second", 24h},
            {R"({"Secret":"second","OverlapSeconds":1})", "second", 1s},
            {R"({"overlapSeconds":604800})", "whsec_", 604800s},
            {R"({"overlapSeconds":0})", "whsec_", std::nullopt},
        }));
    INFO(body);
    if (body.empty()) content_type = "";
    const Response response = call("POST", "/v1/webhooks" + path + "/rotate-secret", body);
    REQUIRE(response.status == 200);
    CHECK(names(response.body) == "subscription success message ");
    const std::string shown = raw_member(response.body, "subscription");
    CHECK(names(shown) ==
          "id name eventType url secret maxRetryCount isActive userId headers createdAt updatedAt "
          "webhookEvents ");
    CHECK(raw_member(shown, "secret").starts_with("\"" + secret));

    const Subscription stored = service().subscription(testing::alice, {std::stoll(id)}).value();
    REQUIRE(stored.retired_secrets.size() == (overlap ? 1 : 0));
    if (overlap) {
        CHECK(stored.retired_secrets[0].secret.reveal() == "first");
        CHECK(stored.retired_secrets[0].expires_at == clock->now() + *overlap);
    }
}

TEST_CASE_METHOD(ResendFixture, "a wrong rotation is a 400 that names all errors") {
    const std::string range = R"("overlapSeconds":["must be a whole number, 0 to 604800"])";
    const auto [body, expected] = GENERATE_COPY(table<std::string, std::string>({
        {"[]", R"({"body":["must be a JSON object"]})"},
        {R"({"overlapSeconds":-1})", "{" + range + "}"},
        {R"({"overlapSeconds":604801})", "{" + range + "}"},
        {R"({"overlapSeconds":"1"})", "{" + range + "}"},
        {R"({"secret":5})", R"({"secret":["must be a string"]})"},
        {R"({"secret":"first","overlapSeconds":1.5})",
         "{" + range + R"(,"secret":["must not be the current one"]})"},
        {R"({"secret":"","overlapSeconds":1.5})",
         "{" + range + R"(,"secret":["must be 1 to 256 printable ASCII characters"]})"},
        {R"({"secret":"a","Secret":"b"})",
         R"x({"secret":["is given more than once (names are case-insensitive)"]})x"},
    }));
    INFO(body);
    CHECK(errors("POST", path + "/rotate-secret", body) == expected);
    CHECK(json(200, "GET", path).at("subscription").at("secret") == "first");
    content_type = "text/plain";
    CHECK(call("POST", "/v1/webhooks" + path + "/rotate-secret", body).status == 415);
}

TEST_CASE_METHOD(ResendFixture, "a rotation to the current secret is a 409") {
    const auto found = json(409, "POST", path + "/rotate-secret", R"({"secret":"first"})");
    CHECK(serialize(found.at("errors")) == R"({"secret":["must not be the current one"]})");
    CHECK(json(200, "GET", path).at("subscription").at("secret") == "first");
}

TEST_CASE_METHOD(ResendFixture, "a new secret is checked as at creation") {
    const auto found = json(400, "POST", path + "/rotate-secret", R"({"secret":"whsec_x"})");
    CHECK(found.at("errors").as_object().contains("secret"));
    CHECK_FALSE(found.at("errors").as_object().contains("overlapSeconds"));
}

// ---- Statistics.

TEST_CASE_METHOD(ResendFixture, "what is unknown without attempts is null") {
    const Response response = call("GET", "/v1/webhooks" + path + "/stats");
    CHECK(response.status == 200);
    CHECK(names(response.body) == "stats success message ");
    CHECK(
        raw_member(response.body, "stats") ==
        R"({"attempts":0,"successes":0,"successRate":null,)"
        R"("latencyMs":{"p50":null,"p95":null,"p99":null},"waiting":0,"filtered":0,"lastFailure":null,)"
        R"("failingSince":null,"pausedUntil":null})");
}

TEST_CASE_METHOD(ResendFixture, "statistics count what was sent, and what waits") {
    json(200, "PUT", path, R"({"subscription":{"maxRetryCount":9}})");
    publish(200);
    publish(200);
    publish(200);
    publish(500);
    const auto stats = json(200, "GET", path + "/stats").at("stats");
    CHECK(stats.at("attempts") == 4);
    CHECK(stats.at("successes") == 3);
    CHECK(stats.at("successRate") == 0.75);
    CHECK(stats.at("waiting") == 1);
    CHECK(stats.at("lastFailure") == "2026-01-01T00:00:00.000Z");
}

TEST_CASE("statistics are written in milliseconds and RFC 3339") {
    CHECK(written(DeliveryStatistics{.attempts = 3,
                                     .successes = 1,
                                     .latency_p50 = 1500us,
                                     .latency_p95 = 20ms,
                                     .latency_p99 = 15s,
                                     .waiting = 2,
                                     .filtered = 4,
                                     .unjudged = 3,
                                     .last_failure = Time{1ms},
                                     .failing_since = Time{2ms},
                                     .paused_until = Time{3ms}}) ==
          R"({"attempts":3,"successes":1,"successRate":0.3333333333333333,)"
          R"("latencyMs":{"p50":1.5,"p95":20,"p99":15000},"waiting":2,"filtered":4,"unjudged":3,)"
          R"("lastFailure":"1970-01-01T00:00:00.001Z","failingSince":"1970-01-01T00:00:00.002Z",)"
          R"("pausedUntil":"1970-01-01T00:00:00.003Z"})");
}
