#pragma once

#include <memory>
#include <string>
#include <webhooks/api_keys.hpp>
#include <webhooks/error.hpp>
#include <webhooks/export.hpp>
#include <webhooks/http/message.hpp>
#include <webhooks/principal.hpp>

namespace WEBHOOKS_EXPORT webhooks {
namespace http {

/// Identifies the sender of a request. A host supplies its own, or uses one of these.
///
/// It is called for every request except health checks and the API's description, before the body
/// is read, and sees everything in the head: cookies, all other fields, the peer. Called from the
/// server's threads, several at once; may block briefly. An exception results in a 500.
class Authenticator {
public:
    virtual ~Authenticator() = default;

    /// @return the caller. not_found or invalid_argument for an unknown caller: a 401 with the
    /// error's detail as its message; forbidden for one that may not do this (403, with the same
    /// message); unavailable if the caller cannot be identified now (503).
    virtual Result<Principal> authenticate(const RequestHead&) = 0;

    /// The value of `WWW-Authenticate` in a 401.
    virtual std::string challenge() const { return "Bearer"; }
};

/// Rejects every request: the default of a server.
std::shared_ptr<Authenticator> deny_all();

/// Accepts API keys in `x-api-key` and in `Authorization: Bearer`. Two keys that name different
/// users are rejected, and so are repeated ones.
std::shared_ptr<Authenticator> authenticate_by_api_key(ApiKeys keys);

}  // namespace http
}  // namespace webhooks
