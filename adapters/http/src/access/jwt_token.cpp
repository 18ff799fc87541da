#include "jwt_token.hpp"

#include <algorithm>
#include <charconv>
#include <optional>
#include <string>

#include "../json/values.hpp"
#include "jws.hpp"
#include "strict_object.hpp"

namespace webhooks::http {
namespace {

constexpr std::size_t max_user_id_bytes = 256;
/// The end of the year 9999.
constexpr double max_seconds = 253'402'300'799;

Error invalid_jwt(const char* message) {
    return {Errc::invalid_argument, message};
}

/// The claims of a verified token.
class Claims {
public:
    Claims(const StrictObject& payload, const JwtOptions& options, Time now)
        : payload_(payload), options_(options), now_(now) {}

    Result<Principal> read() const {
        if (Result<> verdict = check_times(); !verdict) return verdict.error();
        if (Result<> verdict = check_parties(); !verdict) return verdict.error();
        const std::optional<std::string> user = payload_.string("sub");
        if (!user || user->empty() || user->size() > max_user_id_bytes) {
            return invalid_jwt("The token has no user (sub) of 1 to 256 bytes.");
        }
        const Result<Permissions> permissions = read_permissions();
        if (!permissions) return permissions.error();
        return Principal::user(*user, *permissions);
    }

    /// @pre the times were checked.
    Time expiry() const { return *time("exp"); }

private:
    /// @return nullopt if it is absent or not a time.
    std::optional<Time> time(std::string_view name) const {
        const std::string_view text = payload_.raw(name);
        double seconds = -1;
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
        const bool is_number = error == std::errc() && end == text.data() + text.size();
        if (!is_number || !(seconds >= 0 && seconds <= max_seconds)) return std::nullopt;
        return Time(
            std::chrono::duration_cast<Time::duration>(std::chrono::duration<double>(seconds)));
    }

    Result<> check_times() const {
        for (const char* name : {"exp", "nbf", "iat"}) {
            if (payload_.has(name) && !time(name)) {
                return invalid_jwt(
                    "The token has a time (exp, nbf or iat) that is not a number of seconds from "
                    "1970 to 9999.");
            }
        }
        if (!payload_.has("exp")) return invalid_jwt("The token does not expire: it has no exp.");
        if (expiry() + options_.leeway <= now_) return invalid_jwt("The token has expired.");
        const Time latest = now_ + options_.leeway;
        if (time("nbf").value_or(now_) > latest) return invalid_jwt("The token is not valid yet.");
        const Time issued = time("iat").value_or(now_);
        if (issued > latest) return invalid_jwt("The token was issued in the future.");
        if (expiry() - issued > options_.max_lifetime) {
            return invalid_jwt("The token is valid for longer than is accepted here.");
        }
        return {};
    }

    Result<> check_parties() const {
        if (!options_.issuer.empty() && payload_.string("iss") != options_.issuer) {
            return invalid_jwt("The token is of another issuer (iss).");
        }
        const bool is_meant = options_.audience.empty() ? !payload_.has("aud") : is_in_audience();
        if (!is_meant) return invalid_jwt("The token is for another audience (aud).");
        return {};
    }

    bool is_in_audience() const {
        if (!payload_.has("aud")) return false;
        if (const auto one = payload_.string("aud")) return *one == options_.audience;
        const auto several = json::to_strings(payload_.raw("aud"));
        return several && std::ranges::find(*several, options_.audience) != several->end();
    }

    Result<Permissions> read_permissions() const {
        if (!payload_.has(options_.permissions_claim)) return Permissions::user();
        const auto names = json::to_strings(payload_.raw(options_.permissions_claim));
        if (!names)
            return invalid_jwt("The token has permissions that are not an array of strings.");
        Permissions permissions;
        for (const std::string& name : *names) {
            if (const auto permission = permission_by_name(name)) permissions.add(*permission);
        }
        return permissions;
    }

    const StrictObject& payload_;
    const JwtOptions& options_;
    const Time now_;
};

}  // namespace

bool looks_like_jwt(std::string_view text) {
    return std::ranges::count(text, '.') >= 2;
}

Result<Principal> read_jwt(std::string_view token, const std::vector<JwtVerifier>& keys,
                           const JwtOptions& options, Time now) {
    const Result<VerifiedJws> verified = verify_jws(token, keys);
    if (!verified) return verified.error();
    const std::optional<StrictObject> payload = StrictObject::parse(verified->payload);
    if (!payload) return invalid_jwt("The token's claims are malformed.");
    const Claims claims(*payload, options, now);
    const Result<Principal> caller = claims.read();
    if (!caller) return caller;
    return caller->identified_by(
        {.kind = Credential::Kind::jwt, .id = verified->key_id, .expires_at = claims.expiry()});
}

}  // namespace webhooks::http
