#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>
#include <webhooks/clock.hpp>
#include <webhooks/document_fetcher.hpp>
#include <webhooks/error.hpp>
#include <webhooks/export.hpp>
#include <webhooks/http/authenticator.hpp>
#include <webhooks/observer.hpp>
#include <webhooks/secret.hpp>

namespace WEBHOOKS_EXPORT webhooks {
namespace http {

/// The algorithms of RFC 7518 and RFC 8037 that tokens may be signed with.
enum class JwtAlgorithm : std::uint8_t {
    hs256,  ///< HMAC with SHA-256.
    rs256,  ///< RSASSA-PKCS1-v1_5 with SHA-256, of 2048 bits or more.
    es256,  ///< ECDSA with P-256 and SHA-256.
    eddsa,  ///< Ed25519.
};

/// A key that verifies tokens. It verifies only those of its own algorithm.
struct JwtKey {
    JwtAlgorithm algorithm = JwtAlgorithm::hs256;
    /// A token that names a key (`kid`) is verified only with that one. At most one key may lack a
    /// name, and then there are no others.
    std::string id = {};
    std::string public_key = {};  ///< PEM, "BEGIN PUBLIC KEY"; not for hs256.
    Secret secret = {};           ///< At least 32 bytes; only for hs256.
};

/// Which tokens are accepted. A token must have `sub`, the user id, and `exp`. Rejected are `alg`
/// other than its key's, `crit`, encrypted tokens, those of more than 8 KiB, and members that occur
/// twice.
struct JwtOptions {
    std::vector<JwtKey> keys = {};
    /// More keys: a file with a JSON Web Key Set (RFC 7517), also with keys of `kty` "oct". It is
    /// read again when it changes; if it is unusable then, the previous keys stay. Keys of other
    /// algorithms or uses are ignored.
    std::string jwks_file = {};
    /// Instead of `keys` and `jwks_file`: the https URL of a JSON Web Key Set. It is read at once
    /// and every 10 minutes on a thread of its own, and when a token names a key that is not in it,
    /// but then, and after an error, at most every 30 s; such a token is answered `unavailable`
    /// once. The last usable set is valid for 24 hours; without one, tokens are answered
    /// `unavailable`. A set with a key of `kty` "oct" is unusable: who reads it could sign tokens.
    std::string jwks_url = {};
    /// Required with `jwks_url`: reads it, such as `make_document_fetcher` does.
    std::shared_ptr<DocumentFetcher> fetcher = {};
    /// `aud` must be or contain this. Empty: tokens must have no `aud`.
    std::string audience = {};
    std::string issuer = {};          ///< `iss` must be this. Empty: any, or none.
    std::chrono::seconds leeway{60};  ///< For clocks that differ. 0 - 10 min.
    /// The maximum time from `iat` (or from now, without it) to `exp`. 1 s - 366 days.
    std::chrono::seconds max_lifetime = std::chrono::hours(24);
    /// The claim with an array of names of permissions. Without it, the token has all of a user's,
    /// but not `administrator`. Unknown names give nothing.
    std::string permissions_claim = "webhooks";
};

/// Accepts JSON Web Tokens.
/// @param clock absent: the system's.
/// @param observer gets a warning if a changed file, or the URL, is unusable.
/// @return invalid_argument that names the unusable key, file or option.
Result<std::shared_ptr<CredentialCheck>> check_jwt(JwtOptions options,
                                                   std::shared_ptr<Clock> clock = {},
                                                   std::shared_ptr<Observer> observer = {});

/// Accepts JSON Web Tokens in `Authorization: Bearer`. Parameters and errors as for `check_jwt`.
Result<std::shared_ptr<Authenticator>> authenticate_by_jwt(JwtOptions options,
                                                           std::shared_ptr<Clock> clock = {},
                                                           std::shared_ptr<Observer> observer = {});

}  // namespace http
}  // namespace webhooks
