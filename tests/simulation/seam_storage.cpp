#include "seam_storage.hpp"

#include <algorithm>

#include "shortage.hpp"
#include "world.hpp"

namespace webhooks::simulation {

SeamStorage::SeamStorage(World& world, Process& process, std::shared_ptr<Storage> inner)
    : ForwardingStorage(std::move(inner)), world_(world), process_(process) {}

bool SeamStorage::meets(double probability) {
    return world_.has_faults && probability > 0 && world_.random.chance(probability);
}

Result<> SeamStorage::lose(const char* what) {
    process_.note_trouble();
    return Error(Errc::unavailable, what);
}

void SeamStorage::pause() {
    ++world_.statistics.pauses;
    const Micros length = world_.random.between(Micros(0), world_.config.faults.longest_pause);
    world_.trace("process " + std::to_string(process_.index) + " stands still");
    world_.run_until(world_.now + length);
    process_.note_trouble();
}

/// Calls take no time once faults have stopped. Workers share one thread here: with short leases
/// and slow calls they would never stop to lose their leases, and to say so by operational events.
void SeamStorage::pass_latency() {
    if (!world_.has_faults) return;
    world_.pass(world_.random.between(Micros(0), world_.config.call_latency));
}

Result<> SeamStorage::intercept(Call call, const std::function<Result<>()>& forward) {
    const Plenty plenty;
    const Faults& faults = world_.config.faults;
    ++world_.statistics.calls;
    world_.trace("process " + std::to_string(process_.index) + " calls " + to_string(call));
    if (process_.is_dead()) return lose("the process is dead");
    pass_latency();
    if (meets(faults.rejected)) return lose("storage was told to fail");
    const bool crashes = meets(faults.crash_at_call);
    if (crashes && world_.random.chance(0.5)) {
        process_.crash("before a storage call");
        return lose("the process is dead");
    }
    if (meets(faults.pause)) pause();
    const Result<> verdict = forward();
    if (crashes) {
        process_.crash("after a storage call");
        return lose("the process is dead");
    }
    pass_latency();
    if (meets(faults.pause)) pause();
    if (meets(faults.answer_lost)) {
        ++world_.statistics.answers_lost;
        return lose("storage was told to lose its answer");
    }
    return verdict;
}

Result<Worker> SeamStorage::register_worker(std::chrono::milliseconds lease) {
    lease_ = lease;
    const Result<Worker> worker = ForwardingStorage::register_worker(lease);
    if (worker) {
        process_.identity = worker->id;
        process_.note_trouble();
    }
    return worker;
}

Result<Heartbeat> SeamStorage::heartbeat(WorkerId worker) {
    const SteadyTime asked_at = process_.clock().steady_now();
    const Micros begun = world_.now;
    const Result<Heartbeat> heartbeat = ForwardingStorage::heartbeat(worker);
    if (!heartbeat) return heartbeat;
    process_.lease_until = asked_at + lease_;
    const Micros took = world_.now - begun;
    process_.time_error = std::min(process_.time_error.value_or(took), took);
    return heartbeat;
}

}  // namespace webhooks::simulation
