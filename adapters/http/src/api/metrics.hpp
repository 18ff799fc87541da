#pragma once

#include <chrono>
#include <webhooks/metrics.hpp>

#include "operations.hpp"

namespace webhooks::http {

/// Metrics of the API's requests. Thread-safe.
class ApiMetrics {
public:
    ApiMetrics();

    /// @param operation null for a request without one.
    void count(const Operation* operation, int status,
               std::chrono::steady_clock::duration duration) noexcept;

    std::vector<MetricFamily> collect() const { return set_.collect(); }

private:
    MetricSet set_;
};

/// OpenMetrics if the `Accept` field prefers it to the older text format, otherwise that format.
MetricsFormat choose_format(std::string_view accept);

/// What the operating system reports about this process.
std::vector<MetricFamily> process_metrics();

}  // namespace webhooks::http
