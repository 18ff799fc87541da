#include "seam_storage.hpp"

#include <iterator>

#include "shortage.hpp"
#include "world.hpp"

namespace webhooks::simulation {

namespace {

/// In the order of `ForwardingStorage::Call`.
constexpr const char* call_names[] = {
    "insert_subscription",
    "find_subscription",
    "update_subscription",
    "rotate_secret",
    "delete_subscription",
    "list_subscriptions",
    "upsert_event_type",
    "configuration",
    "notices",
    "list_events",
    "list_all_events",
    "find_event",
    "find_any_event",
    "delete_event",
    "statistics",
    "reopen_event",
    "reopen_undelivered",
    "count_undelivered",
    "register_worker",
    "heartbeat",
    "retire_worker",
    "mark_expired",
    "take_over",
    "write",
    "appended_after",
    "claim",
    "claim_reserved",
    "unclaim",
    "maintain",
    "sample",
    "insert_api_key",
    "find_api_key",
    "list_api_keys",
    "delete_api_key",
};
static_assert(std::size(call_names) ==
              static_cast<std::size_t>(ForwardingStorage::Call::delete_api_key) + 1);

const char* name_of(ForwardingStorage::Call call) {
    return call_names[static_cast<std::size_t>(call)];
}

}  // namespace

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

Result<> SeamStorage::intercept(Call call, const std::function<Result<>()>& forward) {
    const Plenty plenty;
    const Faults& faults = world_.config.faults;
    ++world_.statistics.calls;
    world_.trace("process " + std::to_string(process_.index) + " calls " + name_of(call));
    if (process_.is_dead()) return lose("the process is dead");
    world_.pass(world_.random.between(Micros(0), world_.config.call_latency));
    if (meets(faults.refused)) return lose("storage was told to fail");
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
    world_.pass(world_.random.between(Micros(0), world_.config.call_latency));
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
    const Result<Heartbeat> heartbeat = ForwardingStorage::heartbeat(worker);
    if (heartbeat) process_.lease_until = asked_at + lease_;
    return heartbeat;
}

}  // namespace webhooks::simulation
