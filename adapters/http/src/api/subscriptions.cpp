#include <webhooks/webhook_service.hpp>

#include "../json/values.hpp"
#include "answers.hpp"
#include "body.hpp"
#include "documents.hpp"
#include "list_answer.hpp"
#include "object_reader.hpp"
#include "operations.hpp"
#include "query.hpp"

namespace webhooks::http {
namespace {

constexpr int max_retry_limit = 100;
constexpr int max_timeout = int{max_subscription_timeout.count()};
constexpr const char* prefix = "subscription.";
const json::Names member_names = {"name",          "eventType", "filter",         "delivery",
                                  "url",           "secret",    "headers",        "maxRetryCount",
                                  "isActive",      "rateLimit", "timeoutSeconds", "retryOn",
                                  "operatorScope", "userId"};

Response answer(const Subscription& subscription, std::string_view message) {
    json::Writer writer;
    write(writer.begin_object().key("subscription"), subscription);
    return success(writer, message);
}

std::optional<Delivery> read_delivery(const ObjectReader& reader) {
    const auto text = reader.text("delivery");
    if (!text) return std::nullopt;
    for (const Delivery delivery : {Delivery::push, Delivery::pull}) {
        if (*text == to_string(delivery)) return delivery;
    }
    reader.add_error("delivery", "must be 'push' or 'pull'");
    return std::nullopt;
}

/// Null sets the default of `filter`, `headers`, `maxRetryCount`, `isActive`, `rateLimit`,
/// `timeoutSeconds` and `retryOn`, and leaves the other members unchanged.
/// @param default_retries the value for a null `maxRetryCount`; nullopt leaves it to the service.
SubscriptionChange read_members(const ObjectReader& reader, std::optional<int> default_retries) {
    SubscriptionChange change;
    change.name = reader.text("name");
    change.event_type = reader.text("eventType");
    change.filter = reader.text("filter");
    if (reader.is_null("filter")) change.filter.emplace();
    change.delivery = read_delivery(reader);
    change.url = reader.text("url");
    if (auto secret = reader.text("secret")) change.secret = Secret(std::move(*secret));
    change.headers = reader.headers("headers");
    if (reader.is_null("headers")) change.headers.emplace();
    change.max_retry_count = reader.number("maxRetryCount", 0, max_retry_limit);
    if (reader.is_null("maxRetryCount")) change.max_retry_count = default_retries;
    change.is_active = reader.flag("isActive");
    if (reader.is_null("isActive")) change.is_active = true;
    change.rate_limit = reader.number("rateLimit", 0, max_rate_limit);
    if (reader.is_null("rateLimit")) change.rate_limit = 0;
    if (const auto seconds = reader.number("timeoutSeconds", 1, max_timeout)) {
        change.timeout = std::chrono::seconds(*seconds);
    }
    if (reader.is_null("timeoutSeconds")) change.timeout.emplace(0);
    change.retry_on = reader.retry_on("retryOn");
    if (reader.is_null("retryOn")) change.retry_on.emplace();
    change.operator_scope = reader.flag("operatorScope");
    return change;
}

void expect_mandatory(const ObjectReader& reader, const SubscriptionChange& change) {
    for (const char* name : {"name", "eventType", "url"}) {
        const bool has_none = name == std::string_view("url") && change.delivery == Delivery::pull;
        if (!has_none && !reader.has(name)) reader.add_error(name, "is required");
    }
}

/// The documented API ignores an owner in the body. An administrator who named one would not notice
/// that another user's subscription was made.
void reject_other_owner(const ObjectReader& reader, const Principal& caller,
                        std::string_view owner) {
    if (!caller.is_administrator() || !reader.has("userId")) return;
    const std::optional<std::string> named = json::to_string(*reader.raw("userId"));
    if (named == owner || named == "") return;
    reader.add_error("userId", "is a query parameter here: POST .../subscriptions?userId=" +
                                   named.value_or("USER"));
}

/// Reads `{"subscription":{...}}`.
/// @param new_owner whose it will be; absent: an existing one is changed, and no member is
/// mandatory.
/// @return invalid_argument for a body without a subscription; errors of its members are collected.
Result<SubscriptionChange> read_body(const Call& call, std::optional<int> default_retries,
                                     std::optional<std::string_view> new_owner,
                                     FieldErrors& errors) {
    const auto members = parse_body(call, {"subscription", "userId"});
    if (!members) return members.error();
    const ObjectReader body(*members, "", errors, Unknown::ignored);
    if (!body.has("subscription")) {
        body.add_error("subscription", members->unknown().empty()
                                           ? "is required"
                                           : "is required; put the members into it");
    }
    const auto inner = json::parse_object(body.raw("subscription").value_or("{}"), member_names);
    if (!inner && body.has("subscription")) body.add_error("subscription", "must be an object");
    if (!inner || !body.has("subscription")) return Error(std::move(errors));
    const ObjectReader reader(*inner, prefix, errors, Unknown::ignored);
    SubscriptionChange change = read_members(reader, default_retries);
    if (new_owner) {
        expect_mandatory(reader, change);
        reject_other_owner(body, call.caller, *new_owner);
        reject_other_owner(reader, call.caller, *new_owner);
    }
    return change;
}

SubscriptionDraft to_draft(SubscriptionChange change) {
    return {.name = std::move(change.name).value_or(""),
            .event_type = std::move(change.event_type).value_or(""),
            .filter = std::move(change.filter).value_or(""),
            .url = std::move(change.url).value_or(""),
            .secret = std::move(change.secret),
            .headers = std::move(change.headers).value_or(Headers{}),
            .max_retry_count = change.max_retry_count,
            .is_active = change.is_active.value_or(true),
            .rate_limit = change.rate_limit.value_or(0),
            .timeout = change.timeout.value_or(std::chrono::seconds(0)),
            .retry_on = change.retry_on.value_or(RetryOn()),
            .operator_scope = change.operator_scope.value_or(false),
            .delivery = change.delivery.value_or(Delivery::push)};
}

/// A missing subscription takes precedence over invalid input, as in the service.
/// @return not_found for a subscription that the caller cannot see, otherwise the errors, with
/// those that the service finds in the change.
Error unless_absent(WebhookService& service, const Call& call, const SubscriptionChange& change,
                    std::string_view path, FieldErrors errors) {
    const auto verdict = service.validate(call.caller, call.subscription, change);
    if (!verdict && verdict.error() == Errc::not_found) return verdict.error();
    add_errors(errors, path, verdict);
    return Error(std::move(errors));
}

/// A sentence about a deprecated type; otherwise empty.
std::string deprecation_of(const WebhookService& service, const Principal& caller,
                           const std::string& event_type) {
    const auto type = service.event_type(as_reader_of_types(caller), event_type);
    if (!type || !type->deprecation) return {};
    const Deprecation& deprecation = *type->deprecation;
    std::string text = " Its event type is deprecated";
    if (!deprecation.successor.empty()) text += "; use '" + deprecation.successor + "' instead";
    return text + (deprecation.note.empty() ? "." : ": " + deprecation.note);
}

}  // namespace

Result<Response> list_subscriptions(WebhookService& service, const Call& call) {
    const auto query = read_list_query(call.query, ListKind::subscriptions, call.stop);
    if (!query) return query.error();
    const auto page = service.subscriptions(call.caller, *query);
    if (!page) return page.error();
    return list_answer(*page, *query, "subscriptions", "totalSubscriptionsCount");
}

Result<Response> create_subscription(WebhookService& service, const Call& call) {
    if (auto rejected = reject_media_type(call)) return std::move(*rejected);
    FieldErrors errors;
    const QueryParameters parameters(call.query);
    reject_empty(parameters, {"userId"}, errors);
    const auto user_id = parameters.find("userId", "", errors);
    auto change = read_body(call, {}, user_id.value_or(call.caller.user_id()), errors);
    if (!change) return change.error();
    add_errors(errors, prefix, service.validate(call.caller, *change));
    if (!errors.empty()) return Error(std::move(errors));
    const bool is_unknown = !change->secret && !call.caller.may(Permission::secrets_read);
    SubscriptionDraft draft = to_draft(std::move(*change));
    draft.user_id = user_id.value_or("");
    const auto created = service.create_subscription(call.caller, std::move(draft));
    if (!created) return prefixed(prefix, created.error());
    std::string message = "The subscription was created.";
    if (is_unknown) {
        message +=
            " Its secret was generated, and is shown to callers with the permission secrets:read.";
    }
    return answer(*created, message + deprecation_of(service, call.caller, created->event_type));
}

Result<Response> get_subscription(WebhookService& service, const Call& call) {
    const auto found = service.subscription(call.caller, call.subscription);
    if (!found) return found.error();
    return answer(*found, "The subscription was found.");
}

Result<Response> update_subscription(WebhookService& service, const Call& call) {
    if (auto rejected = reject_media_type(call)) return std::move(*rejected);
    FieldErrors errors;
    auto change = read_body(call, service.options().default_max_retry_count, {}, errors);
    if (!change) return change.error();
    if (!errors.empty()) {
        return unless_absent(service, call, *change, prefix, std::move(errors));
    }
    const auto updated =
        service.update_subscription(call.caller, call.subscription, std::move(*change));
    if (!updated) return prefixed(prefix, updated.error());
    return answer(*updated, "The subscription was updated.");
}

Result<Response> delete_subscription(WebhookService& service, const Call& call) {
    const auto deleted = service.delete_subscription(call.caller, call.subscription);
    if (!deleted) return deleted.error();
    json::Writer writer;
    return success(writer.begin_object(), "The subscription was deleted.");
}

Result<Response> rotate_secret(WebhookService& service, const Call& call) {
    if (auto rejected = reject_media_type_of_any(call)) return std::move(*rejected);
    const auto members = parse_body_if_any(call, {"secret", "overlapSeconds"});
    if (!members) return members.error();
    FieldErrors errors;
    const ObjectReader reader(*members, "", errors);
    std::optional<Secret> secret;
    if (auto text = reader.text("secret")) secret.emplace(std::move(*text));
    const auto seconds = reader.number("overlapSeconds", 0, int{max_secret_overlap.count()});
    const auto overlap = seconds ? std::chrono::seconds(*seconds) : default_secret_overlap;
    add_errors(errors, "", service.validate(call.caller, SubscriptionChange{.secret = secret}));
    if (!errors.empty()) {
        // What the service would say next is an error of the same body.
        const auto found = service.subscription(call.caller, call.subscription);
        if (found && secret == found->secret) {
            errors.push_back({"secret", "must not be the current one"});
        }
        return unless_absent(service, call, {}, "", std::move(errors));
    }
    const auto rotated =
        service.rotate_secret(call.caller, call.subscription, std::move(secret), overlap);
    if (!rotated) return rotated.error();
    return answer(*rotated, "The subscription has a new secret.");
}

Result<Response> get_statistics(WebhookService& service, const Call& call) {
    const auto statistics = service.statistics(call.caller, call.subscription, call.stop);
    if (!statistics) return statistics.error();
    json::Writer writer;
    write(writer.begin_object().key("stats"), *statistics);
    return success(writer, "The last 24 hours.");
}

}  // namespace webhooks::http
