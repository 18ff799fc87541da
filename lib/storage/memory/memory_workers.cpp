#include <storage/memory/memory_workers.hpp>

namespace webhooks::storage {

WorkerId MemoryWorkers::insert(Stored worker) {
    const WorkerId id{++last_id_};
    workers_[id] = std::move(worker);
    return id;
}

Result<MemoryWorkers::Stored*> MemoryWorkers::living(WorkerId id) {
    const auto found = workers_.find(id);
    if (found == workers_.end() || found->second.is_dead) {
        return Error(Errc::fenced, "another worker has taken over");
    }
    return &found->second;
}

void MemoryWorkers::mark_expired(WorkerId except, SteadyTime now) {
    for (auto& [id, worker] : workers_) {
        if (id != except && is_expired(worker, now)) worker.is_dead = true;
    }
}

std::optional<WorkerId> MemoryWorkers::first_dead() const {
    for (const auto& [id, worker] : workers_) {
        if (worker.is_dead) return id;
    }
    return std::nullopt;
}

void MemoryWorkers::count(StorageSample& sample, SteadyTime now) const {
    for (const auto& [id, worker] : workers_) {
        if (!worker.is_dead) ++(is_expired(worker, now) ? sample.expired : sample.live);
    }
}

std::vector<WorkerState> MemoryWorkers::states(Time now, SteadyTime steady_now) const {
    std::vector<WorkerState> states;
    for (const auto& [id, worker] : workers_) {
        if (worker.is_dead) continue;
        const auto silence = steady_now - worker.last_heartbeat;
        states.push_back({.id = id,
                          .started_at = worker.started_at,
                          .heartbeat_at = now - std::chrono::floor<Time::duration>(silence),
                          .is_live = !is_expired(worker, steady_now),
                          .report = worker.report});
    }
    return states;
}

}  // namespace webhooks::storage
