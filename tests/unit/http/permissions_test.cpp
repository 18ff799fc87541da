#include <api/operations.hpp>
#include <array>
#include <map>

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

/// Whose the subscription in the path is.
enum class Whose { own, own_narrowed, of_another_narrowed, of_another, absent };

constexpr std::array all_owners = {Whose::own, Whose::own_narrowed, Whose::of_another_narrowed,
                                   Whose::of_another, Whose::absent};

std::vector<Permissions> sets_of_permissions() {
    std::vector<Permissions> sets{Permissions(), Permissions::user(), Permissions::viewer(),
                                  Permissions::publisher()};
    sets.insert(sets.end(), all_permissions.begin(), all_permissions.end());
    sets.push_back({Permission::secrets_read, Permission::subscriptions_write});
    return sets;
}

struct PermissionsFixture : ApiFixture {
    std::shared_ptr<OneCaller> sender = std::make_shared<OneCaller>();
    /// A subscription, and an event of it that was delivered.
    struct Target {
        SubscriptionId subscription;
        EventId event;
        ApiKeyId key;
        PortalSessionId session;
    };
    std::map<std::string, Target> targets;

    PermissionsFixture() {
        const PortalOptions portal{.public_url = "https://hooks.example.com"};
        api = Api::make(service(), sender, {.portal = portal}).value();
    }

    Target make_target(const std::string& owner) {
        const Principal principal = Principal::user(owner);
        const SubscriptionId id = subscribe(principal, "order.*").id;
        const EventId event = service().send_test_event(principal, id).value();
        settle();
        // Deleting it needs what it may do.
        const ApiKeyDraft draft{
            .name = "k", .permissions = Permission::subscriptions_write, .subscription = id};
        auto sessions = service().portal_sessions().value();
        return {id, event, service().create_api_key(principal, draft).value().record.id,
                sessions.create(testing::admin, {.user_id = owner}).value().record.id};
    }

    Target& target_of(const std::string& owner) {
        const auto found = targets.find(owner);
        if (found != targets.end()) return found->second;
        return targets.emplace(owner, make_target(owner)).first->second;
    }

    /// Sets the caller, too.
    Target target_for(Permissions permissions, Whose whose) {
        const bool is_of_another = whose == Whose::of_another;
        const Target target = target_of(is_of_another ? "bob" : "alice");
        sender->caller = Principal::user("alice", permissions);
        if (whose == Whose::own_narrowed) {
            sender->caller = sender->caller.narrowed_to(target.subscription);
        }
        if (whose == Whose::of_another_narrowed) {
            sender->caller = sender->caller.narrowed_to({target.subscription.value + 1});
        }
        if (whose == Whose::absent) return {{999}, {999}, {999}, {999}};
        return target;
    }

    static std::string path_of(const Operation& operation, const Target& target) {
        std::string path(operation.path);
        for (const auto& [name, text] :
             {std::pair<std::string, std::string>{"{base}", "/v1/webhooks"},
              {"{id}", std::to_string(target.subscription.value)},
              {"{eventId}", std::to_string(target.event.value)},
              {"{event}", std::to_string(target.event.value)},
              {"{keyId}", std::to_string(target.key.value)},
              {"{name}", operation.method == "DELETE" ? "to.retire" : "order.created"},
              {"{sessionId}", std::to_string(target.session.value)}}) {
            const std::size_t at = path.find(name);
            if (at != std::string::npos) path.replace(at, name.size(), text);
        }
        return operation.id == "deletePortalSessions" ? path + "?userId=nobody" : path;
    }

    void prepare_for(const Operation& operation) {
        if (operation.id != "retireEventType") return;
        service().register_event_type(testing::admin, {"to.retire", ""}).value();
    }

    static std::string body_of(const Operation& operation) {
        const std::string publication = R"({"eventType":"invoice.paid","payload":1})";
        if (operation.method != "POST" && operation.method != "PUT") return "";
        if (operation.id == "createSubscription") return subscription();
        if (operation.id == "updateSubscription") return R"({"subscription":{"name":"new"}})";
        if (operation.id == "createApiKey") return R"({"apiKey":{"name":"k"}})";
        if (operation.id == "createPortalSession") return R"({"userId":"alice"})";
        if (operation.id == "recover") return R"({"since":"2026-01-01T00:00:00Z"})";
        if (operation.id == "publish" || operation.id == "matchEvent") return publication;
        if (operation.id == "registerEventType") return R"({"eventType":{"name":"to.retire"}})";
        if (operation.id == "testFilter") return R"({"filter":"payload","payload":true})";
        if (operation.id == "publishBatch") return R"({"events":[)" + publication + "]}";
        return "{}";
    }

    /// 200 stands for every success.
    static int expected(const Operation& operation, const Principal& caller, Whose whose) {
        const Requirement& needed = requirement_of(*operation.action);
        if (!caller.permissions().includes(needed.permissions)) return 403;
        if (needed.needs_whole_user && caller.subscription()) return 403;
        const bool is_of_one = operation.path.find("{id}") != std::string_view::npos ||
                               operation.path.find("{event}") != std::string_view::npos ||
                               operation.path.find("{keyId}") != std::string_view::npos ||
                               operation.path.find("{sessionId}") != std::string_view::npos;
        // The host identified this caller, and not a session.
        if (operation.id == "endPortalSession") return 404;
        const bool is_visible = whose == Whose::own || whose == Whose::own_narrowed ||
                                (whose == Whose::of_another && caller.is_administrator());
        return is_of_one && !is_visible ? 404 : 200;
    }
};

}  // namespace

TEST_CASE_METHOD(PermissionsFixture,
                 "each operation needs its permissions, and other users' objects do not exist") {
    for (const Operation& operation : operations()) {
        if (!operation.action) continue;
        for (const Permissions permissions : sets_of_permissions()) {
            for (const Whose whose : all_owners) {
                const Target target = target_for(permissions, whose);
                const Principal& caller = sender->caller;
                prepare_for(operation);
                INFO(operation.id << " with " << to_string(permissions) << ", " << int(whose));
                const Response response = call(std::string(operation.method),
                                               path_of(operation, target), body_of(operation));
                INFO(response.body);
                const int status = response.status == 202 ? 200 : response.status;
                REQUIRE(status == expected(operation, caller, whose));
                const Permissions missing =
                    requirement_of(*operation.action).permissions - caller.permissions();
                CHECK((status == 403 && !missing.empty()) ==
                      (!missing.empty() &&
                       response.body.find(to_string(missing)) != std::string::npos));
                if (status == 200 && operation.method == "DELETE") targets.clear();
            }
        }
    }
}

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
