/// @file
/// What is revoked or over is rejected by every worker that shares the database, at once. (That a
/// SQLite file's keys are, by every process: contract/sqlite_test.cpp.)

#include <access/access_fixture.hpp>
#include <boost/json.hpp>
#include <list>

#ifdef WEBHOOKS_TEST_POSTGRESQL_PROGRAMS

namespace webhooks::testing {
namespace {

using namespace std::chrono_literals;

/// Three workers, each with a REST API that all have used their credentials at.
struct WorkersFixture {
    WorkersFixture() {
        for (int i = 0; i < 3; ++i) {
            const std::shared_ptr<Storage> own =
                make_postgresql_storage(place.options(clock)).value();
            workers.emplace_back(own, clock, http::authenticate_by_api_key(ApiKeys(own, clock)));
        }
    }

    /// A call at the first worker as an administrator. @return the body.
    boost::json::object ask(std::string_view method, const std::string& path,
                            const std::string& body = "") {
        const http::Response response =
            workers.front().call(method, "/v1/webhooks" + path, body, operator_key);
        INFO(response.body);
        REQUIRE(response.status / 100 == 2);
        return boost::json::parse(response.body).as_object();
    }

    /// @param members further ones of the key. @return its text, and its path.
    std::pair<std::string, std::string> make_key(const std::string& members = "") {
        const auto made =
            ask("POST", "/api-keys", R"({"apiKey":{"name":"k","userId":"alice")" + members + "}}")
                .at("apiKey")
                .as_object();
        return {std::string(made.at("key").as_string()),
                "/api-keys/" + std::to_string(made.at("id").as_int64())};
    }

    /// Begins a session at the last worker. @return its token, and its path.
    std::pair<std::string, std::string> make_session() {
        const auto made =
            ask("POST", "/portal-sessions", R"({"userId":"alice"})").at("session").as_object();
        const std::string url(made.at("url").as_string());
        const http::Response started = workers.back().call(
            "POST", "/portal/session", R"({"code":")" + url.substr(url.find('=') + 1) + "\"}");
        REQUIRE(started.status == 200);
        return {std::string(boost::json::parse(started.body).at("session").at("token").as_string()),
                "/portal-sessions/" + std::to_string(made.at("id").as_int64())};
    }

    /// What each worker answers to a list of subscriptions.
    std::string statuses(const std::string& credential) {
        std::string text;
        for (RestService& worker : workers) {
            text += std::to_string(
                        worker.call("GET", "/v1/webhooks/subscriptions", "", credential).status) +
                    " ";
        }
        return text;
    }

    std::shared_ptr<ManualClock> clock = std::make_shared<ManualClock>();
    OnPostgresql place;
    std::shared_ptr<Storage> storage = place.make(clock);
    std::string operator_key{ApiKeys(storage, clock).create(admin).value().reveal()};
    std::list<RestService> workers;
};

constexpr const char* accepted = "200 200 200 ";
constexpr const char* rejected = "401 401 401 ";

}  // namespace

#define REVOCATION_TEST(name) TEST_CASE_METHOD(WorkersFixture, name, "[postgresql]")

REVOCATION_TEST("a key that one worker revokes is rejected by all at once") {
    const auto [key, path] = make_key();
    const auto [other, other_path] = make_key();
    CHECK(statuses(key) == accepted);
    ask("DELETE", path);
    CHECK(statuses(key) == rejected);
    CHECK(statuses(other) == accepted);
}

REVOCATION_TEST("a session of the portal that one worker ends is rejected by all at once") {
    const auto [revoked, path] = make_session();
    const auto [signed_out, path_of_other] = make_session();
    const auto [last, path_of_last] = make_session();
    CHECK(statuses(revoked) == accepted);
    CHECK(statuses(signed_out) == accepted);
    ask("DELETE", path);
    CHECK(statuses(revoked) == rejected);
    CHECK(workers.back().call("DELETE", "/portal/session", "", signed_out).status == 200);
    CHECK(statuses(signed_out) == rejected);
    CHECK(statuses(last) == accepted);
    ask("DELETE", "/portal-sessions?userId=alice");
    CHECK(statuses(last) == rejected);
}

REVOCATION_TEST("a key and a session whose time is over are rejected by all") {
    const auto [key, path] = make_key(R"(,"expiresAt":"2026-01-01T01:00:00Z")");
    const auto [token, path_of_session] = make_session();
    clock->advance(1h - 1us);
    CHECK(statuses(key) == accepted);
    CHECK(statuses(token) == accepted);
    clock->advance(1us);
    CHECK(statuses(key) == rejected);
    CHECK(statuses(token) == rejected);
}

REVOCATION_TEST("a key for one subscription reaches nothing at any worker once that is deleted") {
    const SubscriptionId id =
        workers.front()
            .service()
            .create_subscription(alice, {.name = "mine",
                                         .event_type = "order.created",
                                         .url = "https://hooks.example.com/a"})
            .value()
            .id;
    const std::string path = "/subscriptions/" + std::to_string(id.value);
    const auto [key, path_of_key] = make_key(R"(,"subscriptionId":)" + std::to_string(id.value));
    for (RestService& worker : workers) {
        CHECK(worker.call("GET", "/v1/webhooks" + path, "", key).status == 200);
    }
    ask("DELETE", path);
    for (RestService& worker : workers) {
        for (const std::string end : {"", "/events", "/feed", "/stats"}) {
            CHECK(worker.call("GET", "/v1/webhooks" + path + end, "", key).status == 404);
        }
        const auto list = worker.call("GET", "/v1/webhooks/subscriptions", "", key);
        CHECK(boost::json::parse(list.body).at("totalSubscriptionsCount") == 0);
    }
}

}  // namespace webhooks::testing

#endif
