#include <chrono>

#include "../access/request_limits.hpp"
#include "../api/answers.hpp"
#include "../api/body.hpp"
#include "../api/documents.hpp"
#include "../api/object_reader.hpp"
#include "../api/operations.hpp"
#include "../api/query.hpp"
#include "portal.hpp"

namespace webhooks::http {
namespace {

constexpr int min_lifetime_seconds = 300;
constexpr int max_lifetime_seconds = 86'400;

std::string_view name_of(PortalView view) {
    return view == PortalView::administrator ? "operator" : "user";
}

std::optional<PortalView> read_view(const ObjectReader& reader) {
    const auto name = reader.text("view");
    if (!name) return std::nullopt;
    for (const PortalView view : {PortalView::user, PortalView::administrator}) {
        if (*name == name_of(view)) return view;
    }
    reader.add_error("view", "must be 'user' or 'operator'");
    return std::nullopt;
}

/// @return invalid_argument for a body that is not an object; errors of its members are collected.
Result<PortalSessionDraft> read_draft(const Call& call, FieldErrors& errors) {
    const auto members = parse_body(call, {"userId", "expiresInSeconds", "permissions", "view"});
    if (!members) return members.error();
    const ObjectReader reader(*members, "", errors);
    if (!reader.has("userId")) reader.add_error("userId", "is required");
    PortalSessionDraft draft{.user_id = reader.text("userId").value_or(""),
                             .permissions = reader.permissions("permissions"),
                             .view = read_view(reader).value_or(PortalView::user)};
    if (const auto lifetime =
            reader.number("expiresInSeconds", min_lifetime_seconds, max_lifetime_seconds)) {
        draft.lifetime = std::chrono::seconds(*lifetime);
    }
    return draft;
}

/// What the page may know of its caller.
/// @param token only when it was made: it cannot be shown again.
void write_session(json::Writer& writer, const Principal& caller, const Secret* token = nullptr) {
    writer.key("session").begin_object();
    if (token != nullptr) writer.member("token", token->reveal());
    writer.member("userId", caller.user_id()).key("permissions").begin_array();
    for (const std::string_view name : names_in(caller.permissions()))
        writer.value(name);
    writer.end_array()
        .member("view", name_of(view_of(caller)))
        .member("expiresAt", format_if_set(caller.credential().expires_at))
        .end_object();
}

Result<std::string> read_code(const Call& call) {
    FieldErrors errors;
    const auto members = parse_body(call, {"code"});
    if (!members) return members.error();
    const ObjectReader reader(*members, "", errors);
    if (!reader.has("code")) reader.add_error("code", "is required");
    auto code = reader.text("code");
    if (!errors.empty()) return Error(std::move(errors));
    return *std::move(code);
}

/// The response to a wrong code. Guessing one is hopeless, but must not be free either.
Response reject_code(const Call& call) {
    const auto now = std::chrono::steady_clock::now();
    if (const auto wait = call.limits.count_failed_login(call.peer.address, now)) {
        return too_many_requests(
            "Too many requests without valid credentials came from this address.", *wait);
    }
    return failure(401, "This code does not exist, was used, or has expired.");
}

}  // namespace

Result<Response> create_portal_session(WebhookService& service, const Call& call) {
    if (auto rejected = reject_media_type(call)) return std::move(*rejected);
    FieldErrors errors;
    const auto draft = read_draft(call, errors);
    if (!draft) return draft.error();
    if (!errors.empty()) return Error(std::move(errors));
    auto sessions = service.portal_sessions();
    if (!sessions) return sessions.error();
    const auto created = sessions->create(call.caller, *draft);
    if (!created) return created.error();
    json::Writer writer;
    writer.begin_object()
        .key("session")
        .begin_object()
        .member("id", created->record.id.value)
        .member("userId", created->record.user_id)
        .member("url", call.portal->options().link(created->code))
        .member("expiresAt", format_time(created->record.expires_at))
        .end_object();
    return success(writer, "The session was created. Its link works once, within 5 minutes.");
}

Result<Response> delete_portal_session(WebhookService& service, const Call& call) {
    auto sessions = service.portal_sessions();
    if (!sessions) return sessions.error();
    const auto deleted = sessions->revoke(call.caller, call.portal_session);
    if (!deleted) return deleted.error();
    json::Writer writer;
    return success(writer.begin_object(), "The session was ended.");
}

Result<Response> delete_portal_sessions(WebhookService& service, const Call& call) {
    const QueryParameters parameters(call.query);
    FieldErrors errors;
    const auto user_id = parameters.find("userId", "", errors);
    if (!user_id && errors.empty()) errors.push_back({"userId", "is required"});
    if (!errors.empty()) return Error(std::move(errors));
    auto sessions = service.portal_sessions();
    if (!sessions) return sessions.error();
    const auto deleted = sessions->revoke_all(call.caller, *user_id);
    if (!deleted) return deleted.error();
    json::Writer writer;
    writer.begin_object().member("ended", *deleted);
    return success(writer, "The sessions of this user were ended.");
}

Result<Response> start_portal_session(WebhookService& service, const Call& call) {
    if (auto rejected = reject_media_type(call)) return std::move(*rejected);
    const auto code = read_code(call);
    if (!code) return code.error();
    auto sessions = service.portal_sessions();
    if (!sessions) return sessions.error();
    const auto started = sessions->start(*code, call.caller.origin());
    if (!started && started.error() == Errc::not_found) return reject_code(call);
    if (!started) return started.error();
    json::Writer writer;
    write_session(writer.begin_object(), started->principal, &started->token);
    return success(writer, "The session has begun.");
}

Result<Response> get_portal_session(WebhookService&, const Call& call) {
    json::Writer writer;
    write_session(writer.begin_object(), call.caller);
    return success(writer, "These credentials are valid.");
}

Result<Response> end_portal_session(WebhookService& service, const Call& call) {
    auto sessions = service.portal_sessions();
    if (!sessions) return sessions.error();
    const auto ended = sessions->end(call.caller);
    if (!ended) return ended.error();
    json::Writer writer;
    return success(writer.begin_object(), "The session has ended.");
}

}  // namespace webhooks::http
