#pragma once

/// @file
/// What an operator sees of a whole installation.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>
#include <webhooks/export.hpp>
#include <webhooks/ids.hpp>
#include <webhooks/time.hpp>

namespace WEBHOOKS_EXPORT webhooks {

/// What happened per second, as a mean of about the last minute.
struct Rates {
    double published = 0;  ///< Events that became durable.
    double attempts = 0;
    double delivered = 0;
    double failed = 0;

    bool operator==(const Rates&) const = default;
};

/// What a worker writes of itself, with a batch, about every 10 s while something changes.
struct WorkerReport {
    std::string host;           ///< The name of its machine, without white space.
    std::string version;        ///< Of the library.
    std::size_t in_flight = 0;  ///< Requests.
    std::size_t in_memory = 0;  ///< Events, including those in flight.
    Rates per_second = {};

    bool operator==(const WorkerReport&) const = default;
};

struct WorkerState {
    WorkerId id{};
    Time started_at{};
    Time heartbeat_at{};
    bool is_live = false;  ///< Its lease has not expired.
    std::optional<WorkerReport> report = {};
};

/// The sum of what all live workers report.
struct WorkerTotals {
    std::size_t in_flight = 0;
    std::size_t in_memory = 0;
    Rates per_second = {};

    bool operator==(const WorkerTotals&) const = default;
};

WorkerTotals totals_of(const std::vector<WorkerState>& workers);

struct StorageInfo {
    std::string kind;  ///< `memory`, `sqlite`, `postgresql`, or a host's own.
    std::optional<int> schema_version = {};
    std::optional<std::int64_t> bytes = {};
    std::optional<std::int64_t> partitions = {};  ///< Of the log.
};

/// The subscriptions of one user.
struct UserSummary {
    std::string user_id;
    std::size_t subscriptions = 0;
    // By SubscriptionState.
    std::size_t inactive = 0;
    std::size_t failing = 0;
    std::size_t paused = 0;
    std::size_t active = 0;
    /// Events for which an attempt is due, now or later, outside the memory of a worker: up to
    /// `StorageSample::max_events`.
    std::size_t waiting = 0;

    bool operator==(const UserSummary&) const = default;
};

inline constexpr std::size_t max_users_in_page = 1000;

}  // namespace webhooks
