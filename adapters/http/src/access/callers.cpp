#include "callers.hpp"

#include <exception>
#include <utility>
#include <webhooks/portal_sessions.hpp>

#include "../api/answers.hpp"
#include "../ascii.hpp"
#include "bearer_token.hpp"

namespace webhooks::http {

Callers::Callers(WebhookService& service, std::shared_ptr<Authenticator> authenticator,
                 bool has_portal)
    : service_(service), authenticator_(std::move(authenticator)), has_portal_(has_portal) {}

/// Tokens of the portal are the service's own, whatever else the host accepts.
Result<Principal> Callers::find(const RequestHead& head) const {
    const std::string_view token = bearer_token(find_field(head.fields, "authorization"));
    if (!has_portal_ || !is_portal_token(token)) return ask(head);
    if (count_fields(head.fields, "authorization") > 1 ||
        count_fields(head.fields, "x-api-key") > 0) {
        return Error(Errc::not_found, "The token of a session must be the only credentials.");
    }
    auto sessions = service_.portal_sessions();
    if (!sessions) return sessions.error();
    auto caller = sessions->authenticate(token);
    if (caller || caller.error() != Errc::not_found) return caller;
    return Error(Errc::not_found, "This session has ended.");
}

/// The authenticator is the host's, which may throw despite its contract.
Result<Principal> Callers::ask(const RequestHead& head) const {
    try {
        return authenticator_->authenticate(head);
    } catch (const std::exception& error) {
        return Error(Errc::internal,
                     std::string("the authenticator threw an exception: ") + error.what());
    } catch (...) {
        return Error(Errc::internal, "the authenticator threw an exception");
    }
}

Response Callers::unauthorized(const Error& error) const {
    Response response = failure(401, error.detail());
    response.fields.push_back({"WWW-Authenticate", challenge()});
    return response;
}

/// A text that cannot be the value of a field would end the field, and begin another one.
std::string Callers::challenge() const {
    try {
        std::string text = authenticator_->challenge();
        if (is_field_value(text)) return text;
    } catch (...) {
        // As for such a text.
    }
    return "Bearer";
}

}  // namespace webhooks::http
