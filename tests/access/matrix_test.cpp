/// @file
/// Who may do what: each operation of the REST API's table, with each set of permissions, on
/// objects of each owner, on each storage.

#include <access/access_fixture.hpp>
#include <algorithm>
#include <api/operations.hpp>
#include <array>
#include <map>
#include <set>
#include <sstream>
#include <vector>

namespace webhooks::testing {
namespace {

using http::Operation;
using http::Response;

// ---- Who asks.

/// Whose the object of a request is, and whether the caller is limited to one subscription.
enum Whose : std::uint8_t {
    own,
    own_narrowed,           ///< The caller is limited to this subscription.
    own_narrowed_to_other,  ///< The caller is limited to another one of theirs.
    of_another,
    absent,
};
constexpr std::array all_owners = {own, own_narrowed, own_narrowed_to_other, of_another, absent};
constexpr std::array<std::string_view, 5> names_of_owners = {
    "own", "own, limited to it", "own, limited to another one", "of another user", "absent"};

/// None; each alone; a user's without each; and the usual combinations.
std::vector<Permissions> sets_of_permissions() {
    std::vector<Permissions> sets{Permissions(), Permissions::user(), Permissions::viewer(),
                                  Permissions::publisher()};
    for (const Permission permission : all_permissions) {
        sets.emplace_back(permission);
        if (permission != Permission::administrator) {
            sets.push_back(Permissions::user() - permission);
        }
    }
    return sets;
}

// ---- What is expected.

/// The status of a request by a caller with the permissions that it needs; 200 for each success.
/// An administrator is not limited to a subscription.
struct Verdicts {
    std::array<int, 5> user;
    std::array<int, 5> administrator;
};
//                                      own, limited, elsewhere, another's, absent
constexpr Verdicts anyone{.user = {200, 200, 200, 200, 200},
                          .administrator = {200, 0, 0, 200, 200}};
constexpr Verdicts object{.user = {200, 200, 404, 404, 404},
                          .administrator = {200, 0, 0, 200, 404}};
/// It concerns all subscriptions of a user.
constexpr Verdicts whole{.user = {200, 403, 403, 200, 200}, .administrator = {200, 0, 0, 200, 200}};
/// It is for the user that it names.
constexpr Verdicts named{.user = {200, 200, 200, 403, 403}, .administrator = {200, 0, 0, 200, 200}};
constexpr Verdicts whole_named{.user = {200, 403, 403, 403, 403},
                               .administrator = {200, 0, 0, 200, 200}};
constexpr Verdicts operators{.user = {403, 403, 403, 403, 403},
                             .administrator = {200, 0, 0, 200, 200}};
/// The caller has no session of the portal that could end.
constexpr Verdicts no_session{.user = {404, 404, 404, 404, 404},
                              .administrator = {404, 0, 0, 404, 404}};

/// A request, with `{owner}` and `{subscription}` in its query and body.
struct Request {
    std::string_view operation;
    std::string_view needs;  ///< Permissions.
    const Verdicts& verdicts;
    std::string_view body = {};
    std::string_view query = {};
};

constexpr std::string_view subscription_body =
    R"({"subscription":{"name":"n","eventType":"order.created","url":"https://a.example.com/"}})";
constexpr std::string_view operator_body =
    R"({"subscription":{"name":"n","eventType":"webhook.*","url":"https://a.example.com/",)"
    R"("operatorScope":true}})";
constexpr std::string_view event_body = R"({"eventType":"invoice.paid","payload":1})";
constexpr std::string_view event_of_owner =
    R"({"eventType":"invoice.paid","payload":1,"userId":"{owner}"})";

constexpr Request expectations[] = {
    {"listSubscriptions", "subscriptions:read", anyone},
    {"listSubscriptions", "subscriptions:read, events:read", anyone, "", "include=webhookEvents"},
    {"createSubscription", "subscriptions:write", whole, subscription_body},
    {"createSubscription", "subscriptions:write", operators, operator_body},
    {"getSubscription", "subscriptions:read", object},
    {"updateSubscription", "subscriptions:write", object, R"({"subscription":{"name":"new"}})"},
    {"deleteSubscription", "subscriptions:write", object},
    {"rotateSecret", "subscriptions:write, secrets:read", object, "{}"},
    {"listEventTypes", "subscriptions:read", anyone},
    {"getEventType", "subscriptions:read", anyone},
    {"getEventCatalog", "subscriptions:read", anyone},
    {"registerEventType", "administrator", anyone, R"({"eventType":{"name":"to.retire"}})"},
    {"retireEventType", "administrator", anyone},
    {"testFilter", "subscriptions:read", anyone, R"({"filter":"payload","payload":true})"},
    {"testFilter", "subscriptions:read, events:read", object,
     R"({"filter":"payload","subscriptionId":{subscription}})"},
    {"matchEvent", "subscriptions:read", anyone, event_body},
    {"matchEvent", "subscriptions:read", named, event_of_owner},
    {"listEvents", "events:read", object},
    {"listAllEvents", "events:read", anyone},
    {"getEvent", "events:read", object},
    {"getAnyEvent", "events:read", object},
    {"readFeed", "feed:read", object},
    {"getStatistics", "events:read", object},
    {"getSeries", "events:read", object},
    {"getAllSeries", "events:read", anyone},
    {"getAllSeries", "events:read", named, "", "userId={owner}"},
    {"sendTestEvent", "events:send", object, "{}"},
    {"retryEvent", "events:send", object, "{}"},
    {"recover", "events:send", object, R"({"since":"2026-01-01T00:00:00Z"})"},
    {"recover", "events:send", object, R"({"since":"2026-01-01T00:00:00Z","dryRun":true})"},
    {"deleteEvent", "events:send", object},
    {"publish", "events:publish", whole, event_body},
    {"publish", "events:publish", whole_named, event_of_owner},
    {"publishBatch", "events:publish", whole,
     R"({"events":[{"eventType":"invoice.paid","payload":1}]})"},
    {"getOverview", "administrator", anyone},
    {"listUsers", "administrator", anyone},
    {"getMetrics", "administrator", anyone},
    {"listApiKeys", "subscriptions:read", anyone},
    {"createApiKey", "subscriptions:write", anyone, R"({"apiKey":{"name":"k"}})"},
    {"createApiKey", "subscriptions:write", named, R"({"apiKey":{"name":"k","userId":"{owner}"}})"},
    {"deleteApiKey", "subscriptions:write", object},
    {"listAudit", "subscriptions:read", anyone},
    {"createPortalSession", "administrator", anyone, R"({"userId":"{owner}"})"},
    {"deletePortalSessions", "administrator", anyone, "", "userId={owner}"},
    {"deletePortalSession", "administrator", object},
    {"getPortalSession", "", anyone},
    {"endPortalSession", "", no_session},
};

/// @param names separated by a comma and a space
std::vector<Permission> read_permissions(std::string_view names) {
    std::vector<Permission> permissions;
    std::istringstream words{std::string(names)};
    for (std::string name; words >> name;) {
        if (name.ends_with(',')) name.pop_back();
        permissions.push_back(permission_by_name(name).value());
    }
    return permissions;
}

Permissions as_set(const std::vector<Permission>& permissions) {
    Permissions set;
    for (const Permission permission : permissions) {
        set.add(permission);
    }
    return set;
}

// ---- What is asked.

const Operation& find_operation(std::string_view id) {
    const auto all = http::operations();
    const auto found = std::ranges::find(all, id, &Operation::id);
    REQUIRE(found != all.end());
    return *found;
}

/// Identifies every sender as the same caller.
class OneCaller final : public http::Authenticator {
public:
    Result<Principal> authenticate(const http::RequestHead&) override { return caller; }

    Principal caller = alice;
};

/// What a user has.
struct Objects {
    std::string owner;
    SubscriptionId subscription{};
    SubscriptionId other_subscription{};
    EventId event{};
    ApiKeyId key{};
    PortalSessionId session{};
};

const Objects no_objects{"nobody", {999'999}, {999'999}, {999'999}, {999'999}, {999'999}};

template <class Place>
class Matrix {
public:
    /// Checks each cell.
    void check() {
        for (const Request& request : expectations) {
            const Operation& operation = find_operation(request.operation);
            for (const Permissions permissions : sets_of_permissions()) {
                std::map<Whose, std::string> hidden;
                for (const Whose whose : all_owners) {
                    check_cell(request, operation, permissions, whose, hidden);
                }
                // Nobody learns of the objects of others, not even that they exist.
                if (hidden.contains(of_another)) CHECK(hidden[of_another] == hidden[absent]);
            }
        }
    }

private:
    void check_cell(const Request& request, const Operation& operation, Permissions permissions,
                    Whose whose, std::map<Whose, std::string>& hidden) {
        const Objects objects = objects_for(whose);
        sender_->caller = caller_of(permissions, whose);
        if (request.operation == "retireEventType") {
            rest_.service().register_event_type(admin, {"to.retire", ""}).value();
        }
        INFO(request.operation << " " << request.query << " " << request.body << " with "
                               << to_string(permissions) << ": " << names_of_owners[whose]);
        const std::int64_t changes = count_changes();
        const Response response = rest_.call(operation.method, path_of(request, operation, objects),
                                             fill(request.body, objects));
        INFO(response.body);
        const Permissions needed = as_set(read_permissions(request.needs));
        const Permissions missing = needed - sender_->caller.permissions();
        const bool is_administrator = sender_->caller.is_administrator();
        const int expected = !missing.empty()   ? 403
                             : is_administrator ? request.verdicts.administrator[whose]
                                                : request.verdicts.user[whose];
        const int status = response.status / 100 == 2 ? 200 : response.status;
        REQUIRE(status == expected);
        if (!missing.empty()) check_missing(response.body, missing);
        if (status == 404) hidden[whose] = response.body;
        // What is rejected has no effect.
        if (status != 200) CHECK(count_changes() == changes);
        if (status == 200 && operation.method == "DELETE") objects_.clear();
    }

    /// The response names permissions, each of which the caller lacks.
    static void check_missing(const std::string& body, Permissions missing) {
        const std::string before = "this needs the permission";
        const std::size_t begin = body.find(before);
        REQUIRE(begin != std::string::npos);
        std::string names = body.substr(begin + before.size());
        names = names.substr(names.find(' ') + 1);
        const auto told = read_permissions(names.substr(0, names.find('"')));
        CHECK_FALSE(told.empty());
        for (const Permission permission : told) {
            CHECK(missing.includes(permission));
        }
    }

    /// Of what the audit log records.
    std::int64_t count_changes() {
        return rest_.service().audit(admin, {.take = 0}).value().total.value();
    }

    Objects make_objects(const std::string& owner) {
        const Principal principal = Principal::user(owner);
        WebhookService& service = rest_.service();
        const auto subscribe = [&] {
            return service
                .create_subscription(
                    principal,
                    {.name = "mine", .event_type = "order.*", .url = "https://hooks.example.com/a"})
                .value()
                .id;
        };
        Objects made{
            .owner = owner, .subscription = subscribe(), .other_subscription = subscribe()};
        made.event = service.send_test_event(principal, made.subscription).value();
        rest_.settle();
        // Deleting it needs what it may do.
        made.key = service
                       .create_api_key(principal, {.name = "k",
                                                   .permissions = Permission::subscriptions_write,
                                                   .subscription = made.subscription})
                       .value()
                       .record.id;
        made.session =
            service.portal_sessions().value().create(admin, {.user_id = owner}).value().record.id;
        return made;
    }

    const Objects& objects_of(const std::string& owner) {
        const auto found = objects_.find(owner);
        if (found != objects_.end()) return found->second;
        return objects_.emplace(owner, make_objects(owner)).first->second;
    }

    Objects objects_for(Whose whose) {
        if (whose == absent) return no_objects;
        return objects_of(whose == of_another ? "bob" : "alice");
    }

    Principal caller_of(Permissions permissions, Whose whose) {
        const Principal caller = Principal::user("alice", permissions);
        if (whose == own_narrowed) return caller.narrowed_to(objects_of("alice").subscription);
        if (whose == own_narrowed_to_other) {
            return caller.narrowed_to(objects_of("alice").other_subscription);
        }
        return caller;
    }

    static std::string fill(std::string_view pattern, const Objects& objects) {
        std::string text(pattern);
        for (const auto& [name, value] :
             {std::pair<std::string, std::string>{"{base}", "/v1/webhooks"},
              {"{owner}", objects.owner},
              {"{subscription}", std::to_string(objects.subscription.value)},
              {"{id}", std::to_string(objects.subscription.value)},
              {"{eventId}", std::to_string(objects.event.value)},
              {"{event}", std::to_string(objects.event.value)},
              {"{keyId}", std::to_string(objects.key.value)},
              {"{sessionId}", std::to_string(objects.session.value)}}) {
            const std::size_t at = text.find(name);
            if (at != std::string::npos) text.replace(at, name.size(), value);
        }
        return text;
    }

    static std::string path_of(const Request& request, const Operation& operation,
                               const Objects& objects) {
        std::string path = fill(operation.path, objects);
        const std::string name = "{name}";
        const std::size_t at = path.find(name);
        if (at != std::string::npos) {
            path.replace(at, name.size(),
                         request.operation == "retireEventType" ? "to.retire" : "order.created");
        }
        if (!request.query.empty()) path += "?" + fill(request.query, objects);
        return path;
    }

    Place place_;
    std::shared_ptr<ManualClock> clock_ = std::make_shared<ManualClock>();
    std::shared_ptr<OneCaller> sender_ = std::make_shared<OneCaller>();
    RestService rest_{place_.make(clock_), clock_, sender_};
    std::map<std::string, Objects> objects_;
};

}  // namespace

TEST_CASE("what each operation needs is expected by the tests of permissions") {
    std::set<std::string_view> expected;
    for (const Request& request : expectations) {
        expected.insert(request.operation);
    }
    std::set<std::string_view> protected_ones;
    for (const Operation& operation : http::operations()) {
        if (operation.action) protected_ones.insert(operation.id);
    }
    CHECK(expected == protected_ones);
}

TEST_CASE("without credentials only public operations are answered") {
    const auto clock = std::make_shared<ManualClock>();
    RestService rest(make_memory_storage(clock), clock, http::deny_all());
    for (const Operation& operation : http::operations()) {
        INFO(operation.id);
        std::string path(operation.path);
        if (path.starts_with("{base}")) path.replace(0, 6, "/v1/webhooks");
        for (const std::string name : {"{id}", "{event}", "{eventId}", "{keyId}", "{sessionId}"}) {
            const std::size_t at = path.find(name);
            if (at != std::string::npos) path.replace(at, name.size(), "1");
        }
        const int status = rest.call(operation.method, path).status;
        CHECK((status == 401) == operation.action.has_value());
        CHECK(status != 403);
    }
}

TEST_CASE("in memory each operation needs its permissions, and others' objects do not exist") {
    Matrix<InMemory>().check();
}

#ifdef WEBHOOKS_TEST_SQLITE
TEST_CASE("on SQLite each operation needs its permissions, and others' objects do not exist") {
    Matrix<OnSqlite>().check();
}
#endif

#ifdef WEBHOOKS_TEST_POSTGRESQL_PROGRAMS
TEST_CASE("on PostgreSQL each operation needs its permissions, and others' objects do not exist",
          "[postgresql]") {
    Matrix<OnPostgresql>().check();
}
#endif

}  // namespace webhooks::testing
