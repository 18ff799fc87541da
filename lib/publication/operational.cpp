#include <base/json_text.hpp>
#include <base/never_destroyed.hpp>
#include <publication/operational.hpp>

namespace webhooks {
namespace {

/// The schemas of members.
namespace schema {

constexpr std::string_view number = R"({"type":"integer"})";
constexpr std::string_view time = R"({"type":"string","format":"date-time"})";
constexpr std::string_view time_or_null = R"({"type":["string","null"],"format":"date-time"})";
constexpr std::string_view names = R"({"type":"array","items":{"type":"string"}})";

constexpr std::string_view subscription =
    R"({"type":"object","description":"As it was then.",)"
    R"("required":["id","name","userId","eventType","url"],"properties":{"id":{"type":"integer"},)"
    R"("name":{"type":"string"},"userId":{"type":"string"},"eventType":{"type":"string"},)"
    R"("url":{"type":"string","description":"Without its query and fragment."}}})";

constexpr std::string_view last_attempt =
    R"({"type":["object","null"],"description":"The latest failure.",)"
    R"("required":["eventId","number","sentAt","statusCode","errorMessage"],)"
    R"("properties":{"eventId":{"type":"integer"},"number":{"type":"integer"},)"
    R"("sentAt":{"type":"string","format":"date-time"},"statusCode":{"type":["integer","null"]},)"
    R"("errorMessage":{"type":["string","null"]}}})";

constexpr std::string_view event =
    R"({"type":"object","description":"The latest one that used up its attempts.",)"
    R"("required":["id","webhookId","eventType","createdAt"],"properties":{)"
    R"("id":{"type":"integer"},"webhookId":{"type":"string"},"eventType":{"type":"string"},)"
    R"("createdAt":{"type":"string","format":"date-time"}}})";

constexpr std::string_view by =
    R"({"type":"object","required":["userId","kind"],"properties":{"userId":{"type":"string"},)"
    R"("kind":{"enum":["user","administrator"]}}})";

}  // namespace schema

constexpr std::string_view example_subscription =
    R"("subscription":{"id":7,"name":"Orders","userId":"ann","eventType":"order.*",)"
    R"("url":"https://ann.example/hook"},)";

struct Property {
    std::string_view name;
    std::string_view schema;
};
using Properties = std::vector<Property>;

Properties members_of_changed() {
    return {{"subscription", schema::subscription}, {"changed", schema::names}, {"by", schema::by}};
}

/// @param data what `data` always has. @param optional what it may have besides.
std::string schema_of(std::string_view type, const Properties& data, const Properties& optional) {
    std::vector<std::string_view> required;
    JsonMembers members;
    for (const auto& [name, value] : data) {
        required.push_back(name);
        members.add_json(name, value);
    }
    for (const auto& [name, value] : optional) {
        members.add_json(name, value);
    }
    JsonMembers object;
    object.add("type", "object").add("required", required).add("properties", members);
    JsonMembers properties;
    properties.add("type", JsonMembers().add("const", type))
        .add_json("timestamp", schema::time)
        .add("data", object);
    return JsonMembers()
        .add("type", "object")
        .add("required", std::vector<std::string_view>{"type", "timestamp", "data"})
        .add("properties", properties)
        .object();
}

/// @param data the members of the example's `data`.
EventType make(const char* name, const char* description, const char* timestamp,
               const std::string& data, const Properties& members,
               const Properties& optional = {{"count", schema::number}, {"since", schema::time}}) {
    EventType type{.name = name, .description = description};
    type.schema = schema_of(name, members, optional);
    type.example = JsonMembers()
                       .add("type", name)
                       .add("timestamp", timestamp)
                       .add_json("data", "{" + data + "}")
                       .object();
    return type;
}

EventType make_changed(const char* name, const char* description, const char* changed_members,
                       const char* caller = R"({"userId":"ann","kind":"user"})") {
    return make(name, description, "2026-01-31T08:00:00.000Z",
                std::string(example_subscription) + R"("changed":)" + changed_members +
                    R"(,"by":)" + caller,
                members_of_changed());
}

std::vector<EventType> make_all() {
    const std::string about(example_subscription);
    return {
        make("webhook.event.exhausted", "An event used up its attempts without being delivered.",
             "2026-01-31T10:15:07.120Z",
             about + R"("event":{"id":412,"webhookId":"00ab47cd0123f567_412",)"
                     R"("eventType":"order.created","createdAt":"2026-01-31T09:04:59.870Z"},)"
                     R"("count":37,"since":"2026-01-31T10:05:07.120Z")",
             {{"subscription", schema::subscription},
              {"event", schema::event},
              {"count", schema::number},
              {"since", schema::time}},
             {}),
        make_changed("webhook.subscription.created", "A subscription was created.", "[]"),
        make("webhook.subscription.deactivated",
             "The service deactivated a subscription, because its endpoint failed for too long or "
             "responded with 410.",
             "2026-02-05T09:05:01.000Z",
             about + R"("reason":"failing","failingSince":"2026-01-31T09:05:00.000Z",)"
                     R"("lastAttempt":{"eventId":431,"number":2,)"
                     R"("sentAt":"2026-02-05T09:05:00.900Z","statusCode":null,)"
                     R"("errorMessage":"connection refused"},"cancelled":3)",
             {{"subscription", schema::subscription},
              {"reason", R"({"enum":["failing","gone"]})"},
              {"failingSince", schema::time_or_null},
              {"lastAttempt", schema::last_attempt},
              {"cancelled", schema::number}}),
        make_changed("webhook.subscription.deleted", "A subscription was deleted.", "[]"),
        make("webhook.subscription.failing",
             "A subscription's endpoint has only failed for a while.", "2026-01-31T10:05:07.120Z",
             about + R"("failingSince":"2026-01-31T09:05:00.000Z",)"
                     R"("deactivatesAt":"2026-02-05T09:05:00.000Z",)"
                     R"("lastAttempt":{"eventId":412,"number":4,)"
                     R"("sentAt":"2026-01-31T10:05:07.001Z","statusCode":500,)"
                     R"("errorMessage":"endpoint responded with 500"})",
             {{"subscription", schema::subscription},
              {"failingSince", schema::time},
              {"deactivatesAt", schema::time_or_null},
              {"lastAttempt", schema::last_attempt}}),
        make("webhook.subscription.recovered", "A failing endpoint succeeded again.",
             "2026-01-31T10:05:30.000Z", about + R"("failedFor":3630,"undelivered":12)",
             {{"subscription", schema::subscription},
              {"failedFor", schema::number},
              {"undelivered", schema::number}}),
        make_changed("webhook.subscription.secret_rotated", "A subscription's secret was rotated.",
                     R"(["secret"])"),
        make_changed("webhook.subscription.updated", "A subscription was changed.",
                     R"(["url","secret"])", R"({"userId":"root","kind":"administrator"})"),
        make("webhook.worker.lost",
             "A worker stopped without notice, and others took over its work.",
             "2026-01-31T08:00:00.000Z", R"("workerId":3,"host":"app-2","takenOver":118)",
             {{"workerId", schema::number},
              {"host", R"({"type":["string","null"]})"},
              {"takenOver", schema::number}}),
    };
}

}  // namespace

const std::vector<EventType>& operational_event_types() {
    static const NeverDestroyed<std::vector<EventType>> types(make_all());
    return *types;
}

}  // namespace webhooks
