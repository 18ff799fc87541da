#include <webhooks/webhook_service.hpp>

#include "../json/values.hpp"
#include "answers.hpp"
#include "body.hpp"
#include "documents.hpp"
#include "object_reader.hpp"
#include "operations.hpp"

namespace webhooks::http {
namespace {

constexpr std::string_view key_prefix = "apiKey.";
constexpr std::string_view rate_prefix = "apiKey.rateLimit.";

/// `{"perSecond":5,"burst":10}`
std::optional<RequestRate> read_rate(const ObjectReader& reader, FieldErrors& errors) {
    if (!reader.has("rateLimit")) return std::nullopt;
    const auto members = json::parse_object(*reader.raw("rateLimit"), {"perSecond", "burst"});
    if (!members) {
        reader.add_error("rateLimit", "must be an object");
        return std::nullopt;
    }
    const ObjectReader inner(*members, std::string(rate_prefix), errors);
    if (!inner.has("perSecond")) inner.add_error("perSecond", "is required");
    return RequestRate{
        .per_second = inner.number("perSecond", 1, max_requests_per_second).value_or(1),
        .burst = inner.number("burst", 1, max_request_burst).value_or(0)};
}

/// Reads `{"apiKey":{...}}`. @return invalid_argument for a body without a key; errors of its
/// members are collected.
Result<ApiKeyDraft> read_draft(const Call& call, FieldErrors& errors) {
    const auto members = parse_body(call, {"apiKey"});
    if (!members) return members.error();
    const ObjectReader body(*members, "", errors);
    if (!body.has("apiKey")) body.add_error("apiKey", "is required");
    const auto inner = json::parse_object(
        body.raw("apiKey").value_or("{}"),
        {"name", "userId", "permissions", "subscriptionId", "expiresAt", "rateLimit"});
    if (!inner && body.has("apiKey")) body.add_error("apiKey", "must be an object");
    if (!inner || !body.has("apiKey")) return Error(std::move(errors));
    const ObjectReader reader(*inner, std::string(key_prefix), errors);
    if (!reader.has("name")) reader.add_error("name", "is required");
    ApiKeyDraft draft{.name = reader.text("name").value_or(""),
                      .user_id = reader.text("userId"),
                      .permissions = reader.permissions("permissions"),
                      .expires_at = reader.time("expiresAt"),
                      .rate = read_rate(reader, errors)};
    if (const auto id = reader.id("subscriptionId")) draft.subscription = SubscriptionId{*id};
    return draft;
}

/// @param key only when it was made: it cannot be shown again.
void write_key(json::Writer& writer, const ApiKeyRecord& record, const Secret* key = nullptr) {
    writer.begin_object().member("id", record.id.value).member("name", record.name);
    if (key != nullptr) writer.member("key", key->reveal());
    writer.member("hint", record.hint).member("userId", record.user_id);
    writer.key("permissions").begin_array();
    for (const std::string_view name : names_in(record.permissions))
        writer.value(name);
    writer.end_array();
    writer
        .member("subscriptionId",
                record.subscription ? std::optional(record.subscription->value) : std::nullopt)
        .member("expiresAt", format_if_set(record.expires_at));
    writer.key("rateLimit");
    if (record.rate) {
        writer.begin_object()
            .member("perSecond", record.rate->per_second)
            .member("burst", record.rate->capacity())
            .end_object();
    } else {
        writer.value(std::optional<std::string>());
    }
    writer.member("createdAt", format_time(record.created_at))
        .member("lastUsedAt", format_if_set(record.last_used_at))
        .end_object();
}

}  // namespace

Result<Response> list_api_keys(WebhookService& service, const Call& call) {
    const auto keys = service.api_keys(call.caller);
    if (!keys) return keys.error();
    json::Writer writer;
    writer.begin_object().key("apiKeys").begin_array();
    for (const ApiKeyRecord& record : *keys)
        write_key(writer, record);
    writer.end_array();
    return success(writer, std::to_string(keys->size()) + " API keys.");
}

Result<Response> create_api_key(WebhookService& service, const Call& call) {
    if (auto rejected = reject_media_type(call)) return std::move(*rejected);
    FieldErrors errors;
    const auto draft = read_draft(call, errors);
    if (!draft) return draft.error();
    if (!errors.empty()) return Error(std::move(errors));
    const auto created = service.create_api_key(call.caller, *draft);
    if (!created) return prefixed(key_prefix, created.error());
    json::Writer writer;
    write_key(writer.begin_object().key("apiKey"), created->record, &created->key);
    return success(writer, "The API key was created. It is not shown again.");
}

Result<Response> delete_api_key(WebhookService& service, const Call& call) {
    const auto deleted = service.delete_api_key(call.caller, call.api_key);
    if (!deleted) return deleted.error();
    json::Writer writer;
    return success(writer.begin_object(), "The API key was revoked.");
}

}  // namespace webhooks::http
