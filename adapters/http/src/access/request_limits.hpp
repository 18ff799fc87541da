#pragma once

#include <optional>
#include <string>
#include <webhooks/principal.hpp>

#include "token_buckets.hpp"

namespace webhooks::http {

/// How many requests a caller may make, and how many failed logins an address. Each process counts
/// by itself. All member functions may be called from any thread at once.
class RequestLimits {
public:
    using Time = TokenBuckets::Time;

    /// @param rate for credentials without a rate of their own.
    explicit RequestLimits(const RequestRate& rate) : rate_(rate) {}

    /// Counts a request. @return in how many seconds to repeat it, if there are too many.
    std::optional<std::chrono::seconds> admit(const Principal& caller, Time now);
    /// Counts a batch, which one request has been counted for.
    void count_batch(const Principal& caller, std::size_t events, Time now);
    /// Counts a failed login. @return as `admit`. Loopback is exempt: all users of a proxy on this
    /// machine share it.
    std::optional<std::chrono::seconds> count_failed_login(const std::string& address, Time now);

private:
    const RequestRate& rate_of(const Principal& caller) const;

    const RequestRate rate_;
    TokenBuckets callers_;
    TokenBuckets failed_logins_{10'000};
};

}  // namespace webhooks::http
