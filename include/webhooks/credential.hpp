#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <webhooks/export.hpp>
#include <webhooks/time.hpp>

namespace WEBHOOKS_EXPORT webhooks {

inline constexpr int max_requests_per_second = 100'000;
inline constexpr int max_request_burst = 1'000'000;

/// The number of requests that a caller may make: `burst` at once, and `per_second` over time.
struct RequestRate {
    int per_second = 0;  ///< 1 - `max_requests_per_second`; 0: no limit.
    int burst = 0;       ///< 1 - `max_request_burst`; 0: as many as `per_second`.

    constexpr bool is_unlimited() const noexcept { return per_second == 0; }
    constexpr int capacity() const noexcept { return burst == 0 ? per_second : burst; }
    /// Whether both members are in range.
    constexpr bool is_valid() const noexcept {
        if (is_unlimited()) return burst == 0;
        return per_second > 0 && per_second <= max_requests_per_second && burst >= 0 &&
               burst <= max_request_burst;
    }

    bool operator==(const RequestRate&) const = default;
};

/// How a caller identified themselves.
struct Credential {
    enum class Kind : std::uint8_t {
        host,    ///< The host made the principal.
        key,     ///< An API key.
        jwt,     ///< A JSON Web Token.
        portal,  ///< The token of a session of the portal.
        cli,     ///< Someone who runs a command on the host's machine.
    };
    Kind kind = Kind::host;
    /// Of a key or a session: its id. Of a token: that of the key that signed it; may be empty.
    std::string id = {};
    std::optional<Time> expires_at = {};
    /// Instead of the adapter's own limit.
    std::optional<RequestRate> rate = {};
};

/// Where a call comes from, for the audit log.
struct Origin {
    std::string request_id = {};
    std::string address = {};  ///< Of the caller, such as "192.0.2.1"; empty if unknown.
};

}  // namespace webhooks
