#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>
#include <webhooks/storage.hpp>

namespace webhooks::storage {

/// Registered workers and their leases. Not thread-safe.
class MemoryWorkers {
public:
    struct Stored {
        std::uint64_t tag = 0;
        Time started_at{};
        std::chrono::milliseconds lease{};
        SteadyTime last_heartbeat{};  ///< Steady: wall clock changes must not end a lease.
        EventId low_water{};
        std::int64_t last_batch = 0;
        bool is_dead = false;
        std::optional<WorkerReport> report = {};
    };

    WorkerId insert(Stored worker);
    /// @return fenced if it is dead, or has never been registered
    Result<Stored*> living(WorkerId id);
    /// Marks those whose lease has expired, except for one, as dead.
    void mark_expired(WorkerId except, SteadyTime now);
    std::optional<WorkerId> first_dead() const;
    Stored& at(WorkerId id) { return workers_.at(id); }
    void erase(WorkerId id) { workers_.erase(id); }

    void count(StorageSample& sample, SteadyTime now) const;
    std::vector<WorkerState> states(Time now, SteadyTime steady_now) const;

private:
    static bool is_expired(const Stored& worker, SteadyTime now) {
        return worker.last_heartbeat + worker.lease < now;
    }

    std::map<WorkerId, Stored> workers_;
    std::int64_t last_id_ = 0;
};

}  // namespace webhooks::storage
