#pragma once

#include <memory>
#include <string_view>
#include <webhooks/api_keys.hpp>
#include <webhooks/error.hpp>
#include <webhooks/export.hpp>
#include <webhooks/principal.hpp>

namespace WEBHOOKS_EXPORT webhooks {
namespace http {

/// What a request presents to say who sends it. Both are empty when absent.
struct Credentials {
    std::string_view api_key;  ///< The value of `x-api-key`.
    std::string_view bearer;   ///< What follows `Bearer ` in `Authorization`.
};

/// Tells who sends a request. A host brings its own, or takes one of these. Called from the
/// server's threads, several at once; may block shortly; must not throw.
class Authenticator {
public:
    virtual ~Authenticator() = default;

    /// @return the caller; not_found or invalid_argument for credentials that are not valid
    /// (answered 401), unavailable when it cannot tell now (answered 503).
    virtual Result<Principal> authenticate(const Credentials&) = 0;
};

/// Refuses everyone: what a server does that was given nothing else.
std::shared_ptr<Authenticator> refuse_everyone();

/// Accepts API keys in either place. Two that name different users are refused.
std::shared_ptr<Authenticator> authenticate_by_api_key(ApiKeys keys);

}  // namespace http
}  // namespace webhooks
