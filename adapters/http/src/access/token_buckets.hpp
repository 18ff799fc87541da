#pragma once

#include <chrono>
#include <cstddef>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <webhooks/credential.hpp>

namespace webhooks::http {

/// A token bucket for each name: it holds `RequestRate::capacity` tokens, and gets `per_second` new
/// ones. All member functions may be called from any thread at once.
///
/// The table is bounded: full buckets are dropped when it is full, and if there is none, all are.
class TokenBuckets {
public:
    using Time = std::chrono::steady_clock::time_point;

    explicit TokenBuckets(std::size_t max_buckets = 100'000) : max_buckets_(max_buckets) {}

    /// Takes a token. @return how long to wait if there is none; nothing was taken then.
    std::optional<std::chrono::nanoseconds> take(const std::string& name, const RequestRate& rate,
                                                 Time now);
    /// Takes more tokens, even if there are fewer: the next `take` waits for what is missing.
    void charge(const std::string& name, const RequestRate& rate, int tokens, Time now);

private:
    using Duration = std::chrono::nanoseconds;

    /// When the bucket will be full, or was. @pre the mutex is held.
    Time& full_at(const std::string& name, Time now);

    const std::size_t max_buckets_;
    std::mutex mutex_;
    std::unordered_map<std::string, Time> full_at_;
};

}  // namespace webhooks::http
