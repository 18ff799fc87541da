#include "token_buckets.hpp"

#include <algorithm>

namespace webhooks::http {
namespace {

/// The time in which one token is refilled.
std::chrono::nanoseconds interval_of(const RequestRate& rate) {
    return std::chrono::nanoseconds(std::chrono::seconds(1)) / rate.per_second;
}

}  // namespace

std::optional<std::chrono::nanoseconds> TokenBuckets::take(const std::string& name,
                                                           const RequestRate& rate, Time now) {
    if (rate.is_unlimited()) return std::nullopt;
    const std::scoped_lock lock(mutex_);
    Time& full = full_at(name, now);
    const Duration interval = interval_of(rate);
    const Time next = std::max(full, now) + interval;
    const Duration wait = next - now - interval * rate.capacity();
    if (wait > Duration::zero()) return wait;
    full = next;
    return std::nullopt;
}

void TokenBuckets::charge(const std::string& name, const RequestRate& rate, int tokens, Time now) {
    if (rate.is_unlimited() || tokens <= 0) return;
    const std::scoped_lock lock(mutex_);
    Time& full = full_at(name, now);
    full = std::max(full, now) + interval_of(rate) * tokens;
}

TokenBuckets::Time& TokenBuckets::full_at(const std::string& name, Time now) {
    const auto found = full_at_.find(name);
    if (found != full_at_.end()) return found->second;
    if (full_at_.size() >= max_buckets_) {
        std::erase_if(full_at_, [&](const auto& bucket) { return bucket.second <= now; });
        if (full_at_.size() >= max_buckets_) full_at_.clear();
    }
    return full_at_.emplace(name, now).first->second;
}

}  // namespace webhooks::http
