#include <algorithm>
#include <base/thrown.hpp>
#include <service/storage_loop.hpp>
#include <string>
#include <utility>

namespace webhooks::service {
namespace {

/// The maximum number of pending operational events that are examined at a heartbeat.
constexpr std::size_t max_due_operational = 200;

void report(const OperationalEvent& event, Observer& observer) {
    observer.on_operational(event);
    std::string line = event.type;
    if (event.subscription) line += ": subscription " + std::to_string(event.subscription->value);
    observer.on_record({.level = LogLevel::info,
                        .event = LogEvent::operational_event,
                        .message = line,
                        .subscription = event.subscription});
}

}  // namespace

StorageLoop::StorageLoop(const StorageParts::Shared& shared)
    : storage_(shared.storage),
      observer_(shared.observer),
      options_(shared.options),
      inbox_(shared.inbox),
      parts_(shared) {}

StorageLoop::~StorageLoop() {
    stop_listening();
    // Until now: the last commits report theirs.
    storage_->set_operational_listener({});
}

// ---- Start and stop.

void StorageLoop::listen(const std::weak_ptr<void>& owner) {
    const auto while_owned = [owner](const auto call) {
        return [owner, call] {
            if (const std::shared_ptr<void> kept = owner.lock()) call();
        };
    };
    storage_->set_listener(while_owned([this] { request(StorageRequest::heartbeat); }));
    storage_->set_feed_listener(while_owned([this] { parts_.feeds.check_all(); }));
    storage_->set_operational_listener(
        [observer = observer_](const OperationalEvent& event) { report(event, *observer); });
}

void StorageLoop::stop_listening() {
    storage_->set_listener({});
    storage_->set_feed_listener({});
}

Result<> StorageLoop::open(const std::weak_ptr<void>& owner) {
    const std::scoped_lock turn(step_mutex_);
    next_heartbeat_ = parts_.clock.steady_now() + options_.heartbeat_interval;
    if (const Result<> begun = begin_identity(); !begun) return for_callers(begun.error());
    listen(owner);
    if (Result<> fresh = refresh(); !fresh) return fresh;
    // However much was left behind, heartbeats must continue: the rest follows in later steps.
    const Result<std::size_t> moved = parts_.identity.take_over();
    if (!moved) return for_callers(moved.error());
    return {};
}

Result<> StorageLoop::close() {
    stop_listening();
    const std::scoped_lock turn(step_mutex_);
    parts_.counters.flush();
    parts_.writer.end_fan_outs();
    try {
        while (!has_failed_ && !parts_.health.is_blocked() && parts_.writer.write_pending() > 0 &&
               parts_.health.is_healthy()) {
        }
    } catch (...) {
        on_fatal(what_was_thrown());
    }
    reject_pending();
    is_closed_ = true;
    return parts_.identity.retire();
}

void StorageLoop::abandon() {
    stop_listening();
    const std::scoped_lock turn(step_mutex_);
    reject_pending();
    is_closed_ = true;
}

Result<> StorageLoop::begin_identity() {
    if (Result<> registered = parts_.identity.register_worker(); !registered) return registered;
    parts_.claimer.reset();
    // Results of a lost identity: the events are resent by the worker that has them now.
    const PendingWork::Epoch epoch = parts_.pending.begin_epoch();
    const std::size_t dropped =
        parts_.writer.reset(parts_.identity.worker()) + epoch.dropped_attempts;
    inbox_.begin_epoch(epoch.number);
    if (dropped > 0) observer_->on_fenced(dropped);
    const Result<Heartbeat> heartbeat = parts_.identity.heartbeat();
    if (!heartbeat) return heartbeat.error();
    parts_.writer.note(*heartbeat);
    parts_.claimer.consider_due(heartbeat->now);
    parts_.changes.skip_notices(*heartbeat);
    return {};
}

void StorageLoop::record(std::uint64_t epoch, delivery::Results results) {
    if (results.released_events > 0) inbox_.release(epoch, results);
    if (results.size() == 0) return;
    const std::size_t attempts = results.batch.attempts.size();
    if (!parts_.pending.record(epoch, std::move(results)) && attempts > 0) {
        observer_->on_fenced(attempts);
    }
}

// ---- One step.

std::size_t StorageLoop::step() {
    const std::scoped_lock turn(step_mutex_);
    // A caller that waited for its turn during `close` must not start a new identity.
    if (is_closed_) return reject_pending();
    // Also while storage does not respond.
    parts_.feeds.expire(parts_.clock.steady_now());
    std::size_t done = 0;
    try {
        done = run_round();
    } catch (...) {
        on_fatal(what_was_thrown());
    }
    const SteadyTime wake_at = next(StorageAction::maintain).until;
    parts_.pending.set_wake_at(wake_at, parts_.health.is_blocked());
    return done;
}

std::size_t StorageLoop::run_round() {
    std::size_t done = 0;
    StorageAction action = next().action;
    while (action != StorageAction::wait) {
        done += run(action);
        action = next(action).action;
    }
    return done;
}

NextAction StorageLoop::next(std::optional<StorageAction> after) {
    // Before the time is read: what is due now according to the state is not in the future.
    const StorageLoopState current = state();
    return next_action(current, parts_.clock.steady_now(), after);
}

StorageLoopState StorageLoop::state() {
    const SteadyTime now = parts_.clock.steady_now();
    const PendingWork::Arrived arrived = parts_.pending.take_requests();
    if (arrived.has_request(StorageRequest::heartbeat)) {
        next_heartbeat_ = std::min(next_heartbeat_, now);
    }
    if (arrived.has_request(StorageRequest::claim)) parts_.claimer.consider_due(parts_.clock.now());
    if (arrived.has_request(StorageRequest::maintain)) parts_.maintenance.request();
    return {.has_lost_identity = parts_.health.has_lost_identity(),
            .has_failed = has_failed_,
            .blocked_until = parts_.health.blocked_until(),
            .heartbeat_at = next_heartbeat_,
            .is_taking_over = parts_.identity.is_taking_over(),
            .has_submissions = arrived.has_submissions,
            .has_unwritten =
                arrived.has_submissions || arrived.has_results || parts_.writer.has_unwritten(),
            .write_at = parts_.writer.has_fan_outs() ? now : parts_.counters.due_at(),
            .is_batch_in_doubt = parts_.writer.is_in_doubt(),
            .feeds_at = parts_.feeds.ready_at(),
            .has_refill_requests = parts_.claimer.has_refill_requests(),
            .claim_at = parts_.claimer.ready_at(),
            .maintain_at = parts_.maintenance.ready_at()};
}

std::size_t StorageLoop::run(StorageAction action) {
    switch (action) {
        case StorageAction::reject:
            return reject_pending();
        case StorageAction::reregister:
            reregister();
            return 0;
        case StorageAction::heartbeat:
            return heartbeat();
        case StorageAction::take_over:
            return take_over();
        case StorageAction::write:
            return parts_.writer.write_pending();
        case StorageAction::feeds:
            return tell_feed_readers();
        case StorageAction::refill:
            return parts_.claimer.serve_refill_requests();
        case StorageAction::claim:
            return parts_.claimer.claim_due();
        case StorageAction::maintain:
            return maintain();
        case StorageAction::wait:
            break;
    }
    return 0;
}

/// Continues under a new identity: storage knows what the previous one held.
void StorageLoop::reregister() {
    const bool was_lost = parts_.health.has_lost_identity();
    if (was_lost) {
        parts_.health.log(LogLevel::warning,
                          "another worker took over; continuing under a new identity",
                          LogEvent::lease_lost);
    }
    // Cleared first: delivery may set it again meanwhile.
    const bool has_failed = has_failed_.exchange(false);
    parts_.identity.end_lease();
    Result<> begun = was_lost ? Result<>() : parts_.identity.retire();
    if (begun) begun = begin_identity();
    const bool is_done = parts_.health.note_storage_result(begun, "new identity");
    if (!is_done) {
        if (has_failed) has_failed_ = true;
        next_heartbeat_ = parts_.clock.steady_now();
    }
    // Back off, so that repeated losses of the identity do not keep the thread busy.
    if (!is_done || was_lost) parts_.health.block();
}

std::size_t StorageLoop::heartbeat() {
    const SteadyTime now = parts_.clock.steady_now();
    if (read_changes()) next_heartbeat_ = now + options_.heartbeat_interval;
    return 1;
}

bool StorageLoop::read_changes() {
    const Result<Heartbeat> heartbeat = parts_.identity.heartbeat();
    if (!parts_.health.note_storage_result(heartbeat, "heartbeat")) return false;
    parts_.writer.note(*heartbeat);
    // Events that others return are found by checking; the events that this worker set aside are
    // known.
    parts_.claimer.consider_due(heartbeat->now);
    parts_.feeds.check_all();
    if (!parts_.changes.apply_changes(*heartbeat)) return false;
    if (!parts_.health.note_storage_result(parts_.identity.mark_expired(), "take-over"))
        return false;
    parts_.maintenance.sample_if_due();
    return append_due_operational();
}

bool StorageLoop::append_due_operational() {
    const Result<> appended =
        storage_->append_due_operational(options_.exhausted_notice_window, max_due_operational);
    return parts_.health.note_storage_result(appended, "operational events");
}

/// If it fails, storage is asked again as if nobody had said that something has changed.
std::size_t StorageLoop::tell_feed_readers() {
    const std::vector<FeedWatch> watches = parts_.feeds.take_unchecked(parts_.clock.steady_now());
    if (watches.empty()) return 0;
    const Result<std::vector<FeedChange>> changes = storage_->feed_changes(watches);
    if (changes) parts_.feeds.complete(*changes);
    return 1;
}

std::size_t StorageLoop::take_over() {
    const Result<std::size_t> moved = parts_.identity.take_over();
    if (!parts_.health.note_storage_result(moved, "take-over")) return 0;
    // Also what tells operators of the expired worker.
    parts_.claimer.consider_due(parts_.clock.now());
    return parts_.identity.is_taking_over() ? 1 : 0;
}

std::size_t StorageLoop::maintain() {
    if (!parts_.writer.write_low_water_mark()) return 0;
    return parts_.maintenance.run() ? 1 : 0;
}

/// Allocates no memory, which may be what is short. Publications from completions called here wait
/// for the next time.
std::size_t StorageLoop::reject_pending() {
    const std::size_t pending = parts_.pending.submissions();
    std::size_t rejected = 0;
    while (rejected < pending) {
        std::optional<Submission> next = parts_.pending.take_one();
        if (!next) break;
        reject(*next, parts_.health.rejection(), *observer_);
        ++rejected;
    }
    return rejected;
}

/// Memory is used up, or a similar failure: how far the work got is unknown. It is treated as if
/// this process had died there, except that the callers get an error.
void StorageLoop::on_fatal(std::string_view what) {
    has_failed_ = true;
    parts_.identity.end_lease();
    parts_.health.block();
    parts_.health.log(
        LogLevel::error,
        "the storage thread failed and continues under a new identity:", LogEvent::service_failed);
    parts_.health.log(LogLevel::error, what, LogEvent::service_failed);
    parts_.writer.abort_batch("the service failed");
}

}  // namespace webhooks::service
