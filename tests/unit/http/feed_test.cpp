#include "api_fixture.hpp"

using namespace webhooks;
using namespace webhooks::http;

namespace {

struct FeedFixture : ApiFixture {
    SubscriptionId id = subscribe(testing::alice, "order.*").id;
    std::string path = "/subscriptions/" + std::to_string(id.value) + "/feed";

    EventId publish(const std::string& payload) {
        return service()
            .publish(testing::alice, {.event_type = "order.created", .payload = payload})
            .value()
            .event_ids.at(0);
    }

    static std::vector<std::int64_t> ids(const boost::json::object& page) {
        std::vector<std::int64_t> ids;
        for (const auto& event : page.at("events").as_array()) {
            ids.push_back(event.at("id").as_int64());
        }
        return ids;
    }

    static std::string cursor(const boost::json::object& page) {
        return std::string(page.at("cursor").as_string());
    }
};

}  // namespace

TEST_CASE_METHOD(FeedFixture, "a feed is read by its cursor, page by page") {
    const EventId one = publish(R"({ "n" : 1 })");
    const EventId two = publish("2");
    settle();
    const auto first = json(200, "GET", path + "?take=1");
    CHECK(ids(first) == std::vector{one.value});
    CHECK(first.at("hasMore").as_bool());
    const auto& event = first.at("events").at(0).as_object();
    CHECK(event.at("payload") == R"({ "n" : 1 })");
    CHECK(event.at("eventType") == "order.created");
    CHECK(event.at("contentType") == "application/json");
    CHECK(
        std::string(event.at("webhookId").as_string()).ends_with("_" + std::to_string(one.value)));
    CHECK_FALSE(event.contains("deliverAt"));
    CHECK_FALSE(event.contains("isPayloadGone"));

    const auto second =
        json(200, "GET", path + "?cursor=" + cursor(first) + "&take=99999999999999999999");
    CHECK(ids(second) == std::vector{two.value});
    CHECK_FALSE(second.at("hasMore").as_bool());
    const auto last = json(200, "GET", path + "?cursor=" + cursor(second));
    CHECK(ids(last).empty());
    CHECK(ids(json(200, "GET", path)) == std::vector{one.value, two.value});
    CHECK(ids(json(200, "GET", path + "?cursor=latest")).empty());
}

TEST_CASE_METHOD(FeedFixture, "a feed shows test events and when a scheduled one is due") {
    service().send_test_event(testing::alice, id).value();
    const Time due = clock->now() + std::chrono::hours(1);
    service()
        .publish(testing::alice,
                 {.event_type = "order.created", .payload = "{}", .deliver_at = due})
        .value();
    settle();
    const auto page = json(200, "GET", path);
    CHECK(page.at("events").at(0).at("eventType") == "webhook.test");
    CHECK(page.at("events").at(1).as_object().contains("deliverAt"));
}

TEST_CASE_METHOD(FeedFixture, "wrong parameters of a feed are named") {
    const auto cursor_of_other =
        cursor(json(200, "GET",
                    "/subscriptions/" +
                        std::to_string(subscribe(testing::alice, "order.*").id.value) + "/feed"));
    CHECK(errors("GET", path + "?cursor=" + cursor_of_other) ==
          R"({"cursor":["is one of another subscription"]})");
    for (const char* broken : {"x", "01", "02ff", "01zz"}) {
        CHECK(errors("GET", path + "?cursor=" + broken) ==
              R"({"cursor":["is not one that the feed has returned"]})");
    }
    CHECK(errors("GET", path + "?cursor=latest&since=2026-01-01T00:00:00Z") ==
          R"({"since":["is only for a first page, without a cursor"]})");
    CHECK(errors("GET", path + "?take=0") ==
          R"({"take":["must be a whole number of at least 1"]})");
    CHECK(errors("GET", path + "?wait=1.5") ==
          R"({"wait":["must be a whole number of at least 0"]})");
    CHECK(errors("GET", path + "?take=-1&cursor=") ==
          R"({"cursor":["must not be empty; leave it out"],)"
          R"("take":["must be a whole number of at least 1"]})");
}

TEST_CASE_METHOD(FeedFixture, "a host without a thread to read on has a reader ask again") {
    std::vector<Response> responses;
    const auto wait = [&](const Continue& resume) {
        api.handle(
            {.method = "GET",
             .target = "/v1/webhooks" + path + "?wait=9&cursor=latest",
             .fields = {{"X-Api-Key", "alice"}},
             .peer = {}},
            "", [&](Response answered) { responses.push_back(std::move(answered)); }, {}, resume);
        settle();
    };
    std::function<void()> rest;
    wait({});
    wait([&](std::function<void()> given) { rest = std::move(given); });
    CHECK(responses.empty());
    const EventId event = publish("{}");
    settle();
    REQUIRE(responses.size() == 1);
    const auto page = boost::json::parse(responses.at(0).body).as_object();
    CHECK(ids(page).empty());
    CHECK(page.at("hasMore").as_bool());
    CHECK(ids(json(200, "GET", path + "?cursor=" + cursor(page))) == std::vector{event.value});
    REQUIRE(rest);
    rest();
    REQUIRE(responses.size() == 2);
    CHECK(ids(boost::json::parse(responses.at(1).body).as_object()) == std::vector{event.value});
}

TEST_CASE_METHOD(FeedFixture, "readers that wait are answered when a host ends all waits") {
    std::optional<Response> response;
    const auto wait = [&] {
        response.reset();
        api.handle({.method = "GET",
                    .target = "/v1/webhooks" + path + "?wait=9",
                    .fields = {{"X-Api-Key", "alice"}},
                    .peer = {}},
                   "", [&](Response answered) { response = std::move(answered); });
    };
    wait();
    CHECK_FALSE(response);
    api.end_waits();
    REQUIRE(response);
    CHECK(response->status == 200);
    wait();
    CHECK(response);
}

TEST_CASE_METHOD(FeedFixture, "a page of a feed ends before it is larger than 16 MiB") {
    // Each byte takes six in a JSON text.
    const std::string payload(1'000'000, '\x01');
    for (int i = 0; i < 3; ++i) {
        publish(payload);
        settle();
    }
    const Response response = call("GET", "/v1/webhooks" + path);
    REQUIRE(response.status == 200);
    CHECK(response.body.size() < 16 * 1024 * 1024);
    const auto page = boost::json::parse(response.body).as_object();
    CHECK(page.at("events").as_array().size() == 2);
    CHECK(page.at("hasMore").as_bool());
    CHECK(ids(json(200, "GET", path + "?cursor=" + cursor(page))).size() == 1);
}

TEST_CASE_METHOD(FeedFixture, "a key for the feed of one subscription reads it and nothing else") {
    const Principal reader = Principal::user("alice", Permission::feed_read).narrowed_to(id);
    const EventId event = publish("{}");
    settle();
    CHECK(service().read_feed(reader, id).value().events.at(0).id == event);
    CHECK(service().read_feed(reader, subscribe(testing::alice, "order.*").id).error() ==
          Errc::not_found);
    CHECK(service().events(reader, id).error() == Errc::forbidden);
    CHECK(service().read_feed(Principal::user("alice", Permission::events_read), id).error() ==
          Errc::forbidden);
}

TEST_CASE("a cursor that is too old is answered 410, with the one to continue with") {
    class Purged final : public ForwardingStorage {
    public:
        using ForwardingStorage::ForwardingStorage;
        Result<FeedRows> read_feed(const Principal& principal, SubscriptionId id,
                                   const FeedRequest& request) override {
            auto rows = ForwardingStorage::read_feed(principal, id, request);
            if (request.from) rows->gap = FeedGap{.after = {3}, .until = {9}};
            return rows;
        }
    };
    const auto storage = std::make_shared<Purged>(make_memory_storage());
    auto service =
        WebhookService::open(
            {.storage = storage, .transport = std::make_shared<webhooks::testing::FakeTransport>()})
            .value();
    service.register_event_type({.name = "order.created", .description = ""}).value();
    const Api api = Api::make(service, std::make_shared<NameAuthenticator>()).value();
    const SubscriptionId id =
        service
            .create_subscription(
                webhooks::testing::alice,
                {.name = "n", .event_type = "*", .url = "https://hooks.example.com/a"})
            .value()
            .id;
    const std::string cursor = service.read_feed(webhooks::testing::alice, id).value().cursor;
    std::optional<Response> response;
    api.handle({.method = "GET",
                .target = "/v1/webhooks/subscriptions/" + std::to_string(id.value) +
                          "/feed?cursor=" + cursor,
                .fields = {{"X-Api-Key", "alice"}},
                .peer = {}},
               "", [&](Response answered) { response = std::move(answered); });
    REQUIRE(response);
    CHECK(response->status == 410);
    const auto body = boost::json::parse(response->body).as_object();
    CHECK_FALSE(body.at("success").as_bool());
    CHECK(std::string(body.at("cursor").as_string()) == cursor);
    CHECK(std::string(body.at("message").as_string()).find("after id 3, up to id 9") !=
          std::string::npos);
}
