#pragma once

#include <algorithm>
#include <storage/event_view.hpp>
#include <vector>
#include <webhooks/event.hpp>

namespace webhooks::storage {

/// How far back `DeliveryStatistics` looks.
inline constexpr std::chrono::hours statistics_period{24};

/// Computes statistics of attempts, given in any order.
class StatisticsBuilder {
public:
    void add(Time sent_at, std::chrono::microseconds duration, Outcome outcome) {
        if (!is_request(outcome)) return;
        latencies_.push_back(duration);
        if (outcome == Outcome::delivered) {
            ++statistics_.successes;
        } else if (!statistics_.last_failure || *statistics_.last_failure < sent_at) {
            statistics_.last_failure = sent_at;
        }
    }

    DeliveryStatistics result() {
        statistics_.attempts = static_cast<std::int64_t>(latencies_.size());
        std::ranges::sort(latencies_);
        statistics_.latency_p50 = percentile(50);
        statistics_.latency_p95 = percentile(95);
        statistics_.latency_p99 = percentile(99);
        return statistics_;
    }

private:
    /// By the nearest-rank method.
    std::chrono::microseconds percentile(std::size_t percent) const {
        if (latencies_.empty()) return {};
        return latencies_[(latencies_.size() * percent + 99) / 100 - 1];
    }

    DeliveryStatistics statistics_;
    std::vector<std::chrono::microseconds> latencies_;
};

}  // namespace webhooks::storage
