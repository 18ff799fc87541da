#include "request_limits.hpp"

#include <arpa/inet.h>

#include "../net/connection_table.hpp"

namespace webhooks::http {
namespace {

/// A batch of up to this many events counts as one request.
constexpr std::size_t events_per_request = 100;

/// More than a person who mistypes a key needs.
constexpr RequestRate failed_login_rate{.per_second = 1, .burst = 20};

/// Keys and sessions count by themselves. A user gets many tokens, so these count together.
std::string name_of(const Principal& caller) {
    const Credential& credential = caller.credential();
    switch (credential.kind) {
        case Credential::Kind::key:
            return "key " + credential.id + " of " + caller.user_id();
        case Credential::Kind::portal:
            return "session " + credential.id + " of " + caller.user_id();
        case Credential::Kind::cli:
        case Credential::Kind::host:
        case Credential::Kind::jwt:
            break;
    }
    return "user " + caller.user_id();
}

/// For IPv6 the first 64 bits, because one subscriber usually has all addresses that begin so.
std::string subscriber_of(const std::string& address) {
    in6_addr parsed{};
    if (::inet_pton(AF_INET6, address.c_str(), &parsed) != 1) return address;
    constexpr std::size_t network_bytes = 8;
    return {reinterpret_cast<const char*>(parsed.s6_addr), network_bytes};
}

std::optional<std::chrono::seconds> in_seconds(std::optional<std::chrono::nanoseconds> wait) {
    if (!wait) return std::nullopt;
    return std::chrono::ceil<std::chrono::seconds>(*wait);
}

}  // namespace

const RequestRate& RequestLimits::rate_of(const Principal& caller) const {
    const std::optional<RequestRate>& own = caller.credential().rate;
    return own ? *own : rate_;
}

std::optional<std::chrono::seconds> RequestLimits::admit(const Principal& caller, Time now) {
    const RequestRate& rate = rate_of(caller);
    if (rate.is_unlimited()) return std::nullopt;
    return in_seconds(callers_.take(name_of(caller), rate, now));
}

void RequestLimits::count_batch(const Principal& caller, std::size_t events, Time now) {
    const RequestRate& rate = rate_of(caller);
    if (rate.is_unlimited() || events <= events_per_request) return;
    const std::size_t requests = (events + events_per_request - 1) / events_per_request;
    callers_.charge(name_of(caller), rate, static_cast<int>(requests - 1), now);
}

std::optional<std::chrono::seconds> RequestLimits::count_failed_login(const std::string& address,
                                                                      Time now) {
    if (address.empty() || is_loopback(address)) return std::nullopt;
    return in_seconds(failed_logins_.take(subscriber_of(address), failed_login_rate, now));
}

}  // namespace webhooks::http
