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

/// Tells who sends a request. A host brings its own, or takes one of these.
///
/// It is asked for every request but health checks and the API's description, before the body is
/// read, and sees the whole head: cookies, any other field, the peer. Called from the server's
/// threads, several at once; may block shortly. An exception is answered 500.
class Authenticator {
public:
    virtual ~Authenticator() = default;

    /// @return the caller. For a caller that is not known not_found or invalid_argument, answered
    /// 401 with the error's detail as its message; forbidden for one that may not do this (403,
    /// likewise); unavailable if it cannot tell now (503).
    virtual Result<Principal> authenticate(const RequestHead&) = 0;

    /// What a 401 says in `WWW-Authenticate`.
    virtual std::string challenge() const { return "Bearer"; }
};

/// Rejects every request: what a server does that was given nothing else.
std::shared_ptr<Authenticator> deny_all();

/// Accepts API keys in `x-api-key` and in `Authorization: Bearer`. Two that name different users
/// are rejected, and so are repeated ones.
std::shared_ptr<Authenticator> authenticate_by_api_key(ApiKeys keys);

}  // namespace http
}  // namespace webhooks
