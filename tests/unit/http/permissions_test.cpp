#include "api_fixture.hpp"

using namespace webhooks;
using namespace webhooks::http;

namespace {

/// Identifies every sender as the same caller.
class OneCaller final : public Authenticator {
public:
    Result<Principal> authenticate(const RequestHead&) override { return caller; }

    Principal caller = testing::alice;
};

struct PermissionsFixture : ApiFixture {
    std::shared_ptr<OneCaller> sender = std::make_shared<OneCaller>();

    PermissionsFixture() { api = Api::make(service(), sender).value(); }
};

}  // namespace

TEST_CASE_METHOD(PermissionsFixture,
                 "a permission that is missing is told before the body is read") {
    sender->caller = Principal::user("alice", Permissions::viewer());
    const Response response = call("POST", "/v1/webhooks/subscriptions", "{");
    CHECK(response.status == 403);
    CHECK(response.body ==
          R"({"success":false,"message":"this needs the permission subscriptions:write"})");
    sender->caller = Principal::user("alice", Permission::subscriptions_read);
    CHECK(call("POST", "/v1/webhooks/subscriptions/1/rotate-secret").body ==
          R"({"success":false,"message":"this needs the permissions subscriptions:write, )"
          R"(secrets:read"})");
}

TEST_CASE_METHOD(PermissionsFixture, "a dashboard reads and writes what it sees without a secret") {
    const auto created = create(R"(,"secret":"whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3",)"
                                R"("headers":{"X-Token":"abc","X-Other":"def"})");
    const std::string path = "/subscriptions/" + std::to_string(created.at("id").as_int64());
    sender->caller =
        Principal::user("alice", {Permission::subscriptions_read, Permission::subscriptions_write});
    const auto masked = json(200, "GET", path).at("subscription").as_object();
    CHECK(masked.at("secret") == "whsec_****NTY3");
    CHECK(masked.at("headers") == R"({"X-Token":"****","X-Other":"****"})");
    json(
        200, "PUT", path,
        R"({"subscription":{"secret":"whsec_****NTY3","headers":{"x-token":"****","X-New":"g"}}})");
    sender->caller = testing::alice;
    const auto changed = json(200, "GET", path).at("subscription").as_object();
    CHECK(changed.at("secret") == "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3");
    CHECK(changed.at("headers") == R"({"x-token":"abc","X-New":"g"})");
    CHECK(errors("PUT", path, R"({"subscription":{"headers":{"X-No":"****"}}})") ==
          R"({"subscription.headers.X-No":["is a mask, and there is no such header yet"]})");
}

TEST_CASE_METHOD(PermissionsFixture, "invalid members are told also to a caller that cannot read") {
    const std::string path = "/subscriptions/" + std::to_string(create().at("id").as_int64());
    sender->caller = Principal::user("alice", Permission::subscriptions_write);
    CHECK(errors("PUT", path, R"({"subscription":{"name":5}})") ==
          R"({"subscription.name":["must be a string"]})");
    CHECK(call("PUT", "/v1/webhooks/subscriptions/999", R"({"subscription":{"name":5}})").status ==
          404);
}
