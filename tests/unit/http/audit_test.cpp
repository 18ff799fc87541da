#include "api_fixture.hpp"

using namespace webhooks;
using namespace webhooks::http;

namespace {

/// The API with the service's own keys, for callers from an address.
struct AuditFixture : ApiFixture {
    AuditFixture() {
        api = Api::make(service(), authenticate_by_api_key(ApiKeys(storage, clock))).value();
        const CreatedApiKey made =
            ApiKeys(storage, clock).create(testing::alice, {.name = "shop"}).value();
        key = made.key.reveal();
        key_id = std::to_string(made.record.id.value);
        extra_fields = {{"x-request-id", "req-1"}};
    }

    boost::json::array audit(const std::string& query = "") {
        return json(200, "GET", "/audit" + query).at("audit").as_array();
    }

    std::string key_id;
};

}  // namespace

TEST_CASE_METHOD(AuditFixture, "the audit log says who changed what, and from where") {
    const auto created = create(R"(,"secret":"a-secret-of-canary")");
    const std::string id = std::to_string(created.at("id").as_int64());
    json(200, "PUT", "/subscriptions/" + id, R"({"subscription":{"name":"new"}})");
    const auto newest = audit("?take=1").at(0).as_object();
    CHECK(names(serialize(newest)) ==
          "id at actor action object subscriptionId changes requestId address ");
    CHECK(serialize(newest.at("actor")) ==
          R"({"userId":"alice","kind":"key","id":")" + key_id + R"("})");
    CHECK(newest.at("action") == "subscription.updated");
    CHECK(serialize(newest.at("object")) ==
          R"({"type":"subscription","id":")" + id + R"(","userId":"alice"})");
    CHECK(std::to_string(newest.at("subscriptionId").as_int64()) == id);
    CHECK(serialize(newest.at("changes")) == R"({"name":["n","new"]})");
    CHECK(newest.at("requestId") == "req-1");
    CHECK(newest.at("address").is_null());
    CHECK(call("GET", "/v1/webhooks/audit").body.find("canary") == std::string::npos);
}

TEST_CASE_METHOD(AuditFixture, "the audit log is a list") {
    create();
    create();
    const auto page = json(200, "GET", "/audit?filter=action%20eq%20'subscription.created'&take=1");
    CHECK(page.at("totalAuditCount") == 2);
    CHECK(page.at("audit").as_array().size() == 1);
    CHECK(serialize(audit("?select=action,actorKind,objectType&sort=id&take=1")) ==
          R"([{"action":"api_key.created","actorKind":"service","objectType":"api_key"}])");
    CHECK(errors("GET", "/audit?filter=changes%20eq%20''&include=webhookEvents") ==
          R"({"filter":["field 'changes' cannot be filtered or sorted by at character 1"],)"
          R"("include":["unknown relation 'webhookEvents' at character 1"]})");
    CHECK(errors("GET", "/audit?userId=nobody&take=1") ==
          R"({"userid":["is not a parameter here; there are select, filter, sort, include, take, )"
          R"(skip, after, count"]})");
    // Nor do other spellings of no parameter mean everything.
    for (const auto& [query, name] : {std::pair{"userId%=alice", "userid%"}, std::pair{"%=x", "%"},
                                      std::pair{"%C3filter=x", "?filter"}, std::pair{"=x", ""}}) {
        CHECK(errors("GET", std::string("/audit?") + query)
                  .starts_with(R"({")" + std::string(name) + R"(":["is not a parameter here; )"));
    }
}

TEST_CASE_METHOD(AuditFixture, "audit records are kept for the time of the options") {
    create();
    clock->advance(std::chrono::hours(400 * 24));
    settle();
    CHECK(audit().size() == 2);
    clock->advance(std::chrono::minutes(2));
    settle();
    CHECK(audit().empty());
}
