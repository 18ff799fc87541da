#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <vector>
#include <webhooks/error.hpp>
#include <webhooks/metrics.hpp>
#include <webhooks/observer.hpp>
#include <webhooks/storage.hpp>

namespace webhooks::metrics {

/// Results of publications, in the order of the label's values.
enum class PublishResult : std::uint8_t {
    accepted,
    replayed,
    invalid,
    conflict,
    overloaded,
    unavailable,
};

/// The kinds of calls to storage, in the order of the label's values.
enum class StorageCall : std::uint8_t { write, claim, heartbeat, read, maintain };

/// The metrics of one service: their names and labels, and where they are counted. All member
/// functions may be called from any thread at once.
class ServiceMetrics {
public:
    using Duration = std::chrono::microseconds;

    ServiceMetrics();

    /// @param duration until they were durable; counted only if they are.
    void count_publications(PublishResult result, std::size_t count, Duration duration) noexcept;
    void count_events(std::size_t count) noexcept;
    void count_attempt(const AttemptReport& report) noexcept;
    void count_deactivation(DeactivationReason reason) noexcept;
    void count_fenced_results(std::size_t count) noexcept;
    void count_takeover() noexcept;
    void count_lost_lease() noexcept;
    void observe_storage(StorageCall call, Duration duration) noexcept;
    void count_storage_error(StorageCall call, const Error& error) noexcept;
    void observe_batch(std::size_t appends, std::size_t attempts) noexcept;

    void set_in_flight(std::size_t attempts) noexcept;
    void set_memory(std::size_t events, std::size_t payload_bytes) noexcept;
    /// @param now storage's time.
    void set_sample(const StorageSample& sample, Time now) noexcept;

    std::vector<MetricFamily> collect() const { return set_.collect(); }

private:
    MetricSet set_;
};

}  // namespace webhooks::metrics
