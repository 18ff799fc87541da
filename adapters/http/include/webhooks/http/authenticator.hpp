#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>
#include <webhooks/api_keys.hpp>
#include <webhooks/error.hpp>
#include <webhooks/export.hpp>
#include <webhooks/http/message.hpp>
#include <webhooks/principal.hpp>

namespace WEBHOOKS_EXPORT webhooks {
namespace http {

/// Identifies the sender of a request. A host supplies its own, or uses one of these.
///
/// It is called for every request except health checks, the API's description, the portal's page,
/// and those with a token of the portal, before the body is read, and sees everything in the head:
/// cookies, all other fields, the peer. Called from the server's threads, several at once; may
/// block briefly. An exception results in a 500.
class Authenticator {
public:
    virtual ~Authenticator() = default;

    /// @return the caller. not_found or invalid_argument for an unknown caller: a 401 with the
    /// error's detail as its message; forbidden for one that may not do this (403, with the same
    /// message); unavailable if the caller cannot be identified now (503).
    virtual Result<Principal> authenticate(const RequestHead&) = 0;

    /// The value of `WWW-Authenticate` in a 401: one line. If it throws or has control characters,
    /// the value is `Bearer`.
    virtual std::string challenge() const { return "Bearer"; }
};

/// Rejects every request: the default of a server.
std::shared_ptr<Authenticator> deny_all();

/// Identifies a caller by one text, such as a key or a token. May be called from any thread, and
/// several at once.
class CredentialCheck {
public:
    virtual ~CredentialCheck() = default;

    /// @return not_found for text that this check does not know; invalid_argument, with a message
    /// for the caller, for what it knows to be invalid; unavailable if it cannot tell now.
    virtual Result<Principal> check(std::string_view credential) = 0;
};

/// Accepts API keys.
std::shared_ptr<CredentialCheck> check_api_keys(ApiKeys keys);

/// Accepts a credential in `x-api-key`, in `Authorization: Bearer`, or in both, each of which one
/// of the checks must know. Two that name different callers are rejected, and so are repeated
/// fields.
/// @param checks asked in this order, until one knows the credential.
std::shared_ptr<Authenticator> authenticate_by(
    std::vector<std::shared_ptr<CredentialCheck>> checks);

/// As `authenticate_by`, with API keys alone.
std::shared_ptr<Authenticator> authenticate_by_api_key(ApiKeys keys);

}  // namespace http
}  // namespace webhooks
