#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <metrics/event_type_counts.hpp>
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

    /// @param by_event_type `ServiceOptions::event_type_label`
    explicit ServiceMetrics(bool by_event_type = false);

    /// @param duration until they were durable; counted only if they are.
    void count_publications(PublishResult result, std::size_t count, Duration duration) noexcept;
    void count_events(std::size_t count) noexcept;
    /// @param unjudged how many of them
    void count_filtered(std::size_t count, std::size_t unjudged) noexcept;
    void count_attempt(const AttemptReport& report) noexcept;
    void count_deactivation(DeactivationReason reason) noexcept;
    void count_corrupt_payload() noexcept;
    void count_fenced_results(std::size_t count) noexcept;
    void count_takeover() noexcept;
    void count_lost_lease() noexcept;
    void observe_storage(StorageCall call, Duration duration) noexcept;
    void count_storage_error(StorageCall call, const Error& error) noexcept;
    void observe_batch(std::size_t appends, std::size_t attempts) noexcept;

    void set_in_flight(std::size_t attempts) noexcept;
    std::size_t in_flight() const noexcept { return in_flight_; }
    void set_memory(std::size_t events, std::size_t payload_bytes) noexcept;
    void set_unreadable(std::size_t subscriptions) noexcept;
    /// @param now storage's time.
    void set_sample(const StorageSample& sample, Time now) noexcept;

    std::vector<MetricFamily> collect() const;

private:
    MetricSet set_;
    std::unique_ptr<EventTypeCounts> event_types_;  ///< Null: they are not counted.
    std::atomic<std::size_t> in_flight_{0};
};

}  // namespace webhooks::metrics
