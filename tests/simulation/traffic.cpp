#include "traffic.hpp"

#include <algorithm>

namespace webhooks::simulation {
namespace {

/// By so much a request may come early.
constexpr std::chrono::milliseconds burst{100};

}  // namespace

void Traffic::start(Request request, int rate_limit, SteadyTime now) {
    if (rate_limit > 0 && !request.is_test) {
        SteadyTime& next = evenly_[request.subscription];
        next = std::max(next, now) + std::chrono::nanoseconds(std::chrono::seconds(1)) / rate_limit;
    }
    in_flight_.push_back(std::move(request));
}

void Traffic::take_answers(WorkerId identity, SteadyTime now, Micros world_now) {
    const auto answered =
        std::stable_partition(in_flight_.begin(), in_flight_.end(),
                              [&](const Request& request) { return request.answered_at > now; });
    // As the service hears of them: whether failures are in a row depends on it.
    std::stable_sort(answered, in_flight_.end(), [](const Request& left, const Request& right) {
        return left.answered_at < right.answered_at;
    });
    std::for_each(answered, in_flight_.end(), [&](const Request& request) {
        // A service under a new identity ignores what its former one is answered.
        if (request.identity == identity) note(request, world_now);
    });
    in_flight_.erase(answered, in_flight_.end());
}

void Traffic::note(const Request& request, Micros world_now) {
    if (request.is_test || request.answer == Request::Answer::none) return;
    Failures& failures = failures_[request.subscription];
    if (request.answer == Request::Answer::success || failures.version != request.version) {
        failures = {.version = request.version};
    }
    if (request.answer == Request::Answer::failure) ++failures.in_row;
    if (request.answer == Request::Answer::success) successes_[request.subscription] = world_now;
}

int Traffic::failures_in_row(SubscriptionId subscription, std::size_t version) const {
    const auto found = failures_.find(subscription);
    if (found == failures_.end() || found->second.version != version) return 0;
    return found->second.in_row;
}

std::optional<Micros> Traffic::latest_success(SubscriptionId subscription) const {
    const auto found = successes_.find(subscription);
    return found == successes_.end() ? std::nullopt : std::optional(found->second);
}

SteadyTime Traffic::next_by_rate(SubscriptionId subscription) const {
    const auto found = evenly_.find(subscription);
    return found == evenly_.end() ? SteadyTime::min() : found->second - burst;
}

}  // namespace webhooks::simulation
