#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <webhooks/event.hpp>
#include <webhooks/metrics.hpp>

namespace webhooks::metrics {

/// Attempts by event type: the first types that occur, and all others together. All member
/// functions may be called from any thread at once.
class EventTypeCounts {
public:
    static constexpr std::size_t max_types = 50;

    void add(std::string_view event_type, Outcome outcome) noexcept;
    MetricFamily collect() const;

private:
    using Counts = std::array<std::uint64_t, 5>;

    /// @pre `mutex_` is held. The type's, or that of all others.
    Counts& counts_of(std::string_view event_type) noexcept;

    mutable std::mutex mutex_;
    std::map<std::string, Counts, std::less<>> types_;
    Counts others_{};
};

}  // namespace webhooks::metrics
