#include <algorithm>
#include <base/thrown.hpp>
#include <service/batch_errors.hpp>
#include <service/journal.hpp>

namespace webhooks::service {
namespace {

/// How often matching is repeated when subscriptions keep changing meanwhile.
constexpr int max_matchings = 10;
/// The maximum number of events that one transaction appends, unless a single publication has more.
constexpr std::size_t max_events_in_batch = 10'000;
/// The maximum number of results that wait for storage.
constexpr std::size_t max_pending_results = 5'000;
constexpr std::size_t take_over_batch = 1000;
/// Publications wait for as long as it takes to delete this many events.
constexpr std::size_t maintenance_batch = 200;
/// The maximum number of requests for deferred events served before publications have their turn
/// again: each is a transaction.
constexpr std::size_t max_wants_in_step = 20;
/// After a failed call, storage is not called again for this long.
constexpr std::chrono::milliseconds pause_after_failure{500};
constexpr std::chrono::minutes maintenance_interval{1};
constexpr std::chrono::seconds sample_interval{15};

bool has_rows(const Results& results) {
    return !results.attempts.empty() || !results.custody_changes.empty() ||
           !results.states.empty() || !results.deactivations.empty();
}

/// Moves the results out of a batch again.
void take_back(Batch& batch, Results& results) {
    results.attempts = std::move(batch.attempts);
    results.custody_changes = std::move(batch.custody_changes);
    results.states = std::move(batch.states);
    results.deactivations = std::move(batch.deactivations);
}

/// Replaces errors that concern only storage and service.
Error for_callers(const Error& error) {
    if (error == Errc::fenced) {
        return {Errc::unavailable, "another worker took over the work of this one; try again"};
    }
    return error;
}

/// Represents a steady time as a Time.
Time on_time_scale(SteadyTime steady_time) {
    return Time(std::chrono::floor<Time::duration>(steady_time.time_since_epoch()));
}

std::vector<EventId> event_ids(const Appended& appended) {
    std::vector<EventId> ids;
    for (std::uint32_t i = 0; i < appended.count; ++i) {
        ids.push_back({appended.first_event.value + i});
    }
    return ids;
}

}  // namespace

std::size_t Submission::payload_bytes() const {
    std::size_t bytes = 0;
    for (const PendingPublication& publication : publications) {
        bytes += publication.message->payload->size();
    }
    return bytes;
}

Journal::Journal(Parts parts, const ServiceOptions& options, SubscriptionIndex& index, Inbox& inbox)
    : parts_(std::move(parts)), options_(options), index_(index), inbox_(inbox) {}

Journal::~Journal() {
    parts_.storage->set_listener({});
}

// ---- Identity and time.

Result<> Journal::open() {
    const std::scoped_lock turn(step_mutex_);
    next_look_ = parts_.clock->steady_now() + options_.heartbeat_interval;
    if (Result<> begun = begin_identity(); !begun) return for_callers(begun.error());
    parts_.storage->set_listener([this] { request_heartbeat(); });
    if (Result<> fresh = refresh(); !fresh) return fresh;
    // However much was left behind, heartbeats must continue: the rest follows in later steps.
    const Result<bool> is_more = take_over_some();
    if (!is_more) return for_callers(is_more.error());
    is_taking_over_ = *is_more;
    return {};
}

void Journal::reject_new() {
    const std::scoped_lock lock(mutex_);
    rejects_new_ = true;
}

Result<> Journal::close() {
    const std::scoped_lock turn(step_mutex_);
    try {
        while (!has_crashed_ && write_pending() > 0 && is_healthy_) {
        }
    } catch (...) {
        on_fatal(what_was_thrown());
    }
    reject_pending();
    is_closed_ = true;
    const Result<> retired = parts_.storage->retire_worker(worker_.id);
    // The worker that took over has already returned everything.
    if (!retired && !(retired.error() == Errc::fenced)) return retired;
    return {};
}

void Journal::abandon() {
    const std::scoped_lock turn(step_mutex_);
    reject_pending();
    is_closed_ = true;
}

Result<> Journal::begin_identity() {
    end_lease();
    Result<Worker> worker = parts_.storage->register_worker(options_.lease);
    if (!worker) return worker.error();
    worker_ = *worker;
    low_water_.reset(worker_.last_event);
    written_low_water_ = worker_.last_event;
    last_batch_ = 0;
    is_in_doubt_ = is_claim_in_doubt_ = false;
    refill_requests_.clear();
    unbroken_since_ = parts_.clock->steady_now();
    drop_results();
    Result<Heartbeat> heartbeat = parts_.storage->heartbeat(worker_.id);
    if (!heartbeat) return heartbeat.error();
    synchronize(*heartbeat, unbroken_since_);
    consider_due(heartbeat->now);
    // Before anything was read: what is read first holds all that notices said until now.
    if (index_.revision() == 0) last_notice_ = heartbeat->last_notice;
    return {};
}

/// They belong to a lost identity: the events are resent by the worker that has them now.
void Journal::drop_results() {
    std::size_t dropped = unwritten_.attempts.size();
    unwritten_ = {};
    std::uint64_t epoch = 0;
    {
        const std::scoped_lock lock(mutex_);
        epoch = ++epoch_;
        dropped += results_.attempts.size();
        results_ = {};
    }
    inbox_.begin_epoch(epoch);
    if (dropped > 0) parts_.observer->on_fenced(dropped);
}

void Journal::synchronize(const Heartbeat& heartbeat, SteadyTime asked_at) {
    set_time(heartbeat.now, asked_at);
    if (asked_at.time_since_epoch().count() >= lease_until_) unbroken_since_ = asked_at;
    // A batch whose receipt was lost may have appended events that are not known yet.
    if (!is_in_doubt_) low_water_.advance_to(heartbeat.last_event);
    lease_until_ = (asked_at + options_.lease).time_since_epoch().count();
}

/// Storage read its time at some moment between request and response. If the current estimate lies
/// within the bounds that follow from this, it is kept: a slow response is imprecise, and changes
/// nothing.
void Journal::set_time(Time storage_time, SteadyTime asked_at) {
    const Time::duration earliest = storage_time - on_time_scale(parts_.clock->steady_now());
    const Time::duration latest = storage_time - on_time_scale(asked_at);
    const std::scoped_lock lock(time_mutex_);
    offset_ = std::clamp(offset_.value_or(earliest), earliest, latest);
}

Time Journal::now() const {
    const std::scoped_lock lock(time_mutex_);
    return on_time_scale(parts_.clock->steady_now()) + offset_.value_or(Time::duration::zero());
}

Result<bool> Journal::take_over_some() {
    const Result<std::size_t> moved = parts_.storage->take_over(worker_.id, take_over_batch);
    if (!moved) return moved.error();
    if (*moved > 0) {
        log(LogLevel::info, "took over " + std::to_string(*moved) + " events",
            LogEvent::events_taken_over);
        consider_due(now());
    }
    return *moved == take_over_batch;
}

std::size_t Journal::continue_takeover() {
    if (!is_taking_over_ || is_blocked()) return 0;
    const Result<bool> is_more = take_over_some();
    is_taking_over_ =
        note_storage_result(is_more ? Result<>() : is_more.error(), "take-over") && *is_more;
    return is_taking_over_ ? 1 : 0;
}

std::optional<Heartbeat> Journal::heartbeat() {
    const SteadyTime asked_at = parts_.clock->steady_now();
    const Result<Heartbeat> heartbeat = parts_.storage->heartbeat(worker_.id);
    if (!note_storage_result(heartbeat ? Result<>() : heartbeat.error(), "heartbeat"))
        return std::nullopt;
    synchronize(*heartbeat, asked_at);
    return *heartbeat;
}

std::size_t Journal::look_if_due() {
    const SteadyTime steady_now = parts_.clock->steady_now();
    {
        const std::scoped_lock lock(mutex_);
        if (std::exchange(wants_heartbeat_, false)) next_look_ = steady_now;
    }
    if (steady_now < next_look_) return 0;
    if (look()) next_look_ = steady_now + options_.heartbeat_interval;
    return 1;
}

bool Journal::look() {
    const std::optional<Heartbeat> answer = heartbeat();
    if (!answer) return false;
    // Events that others return are found by checking; the events that this worker set aside are
    // known.
    consider_due(answer->now);
    if (answer->revision != index_.revision() && !note_storage_result(refresh(), "reading changes"))
        return false;
    if (answer->last_notice != last_notice_ && !read_notices()) return false;
    // If storage was unavailable to all, the other workers get as long to come back as this one.
    if (parts_.clock->steady_now() - unbroken_since_ >= options_.lease &&
        !note_storage_result(parts_.storage->mark_expired(worker_.id), "take-over")) {
        return false;
    }
    is_taking_over_ = true;
    sample_if_due();
    return true;
}

bool Journal::read_notices() {
    const Result<std::vector<Notice>> notices = parts_.storage->notices(last_notice_);
    if (!note_storage_result(notices ? Result<>() : notices.error(), "reading notices"))
        return false;
    index_.apply(*notices);
    for (const Notice& notice : *notices) {
        if (notice.deleted_event) {
            inbox_.cancel({.subscription = notice.subscription, .event = *notice.deleted_event});
        }
        last_notice_ = notice.number;
    }
    return true;
}

/// Nothing depends on it: a failure is logged, and changes nothing.
void Journal::sample_if_due() {
    const SteadyTime steady_now = parts_.clock->steady_now();
    if (steady_now < next_sample_) return;
    next_sample_ = steady_now + sample_interval;
    const Result<StorageSample> sample = parts_.storage->sample();
    if (sample) {
        parts_.metrics->set_sample(*sample, now());
    } else if (!(sample.error() == Errc::unsupported)) {
        log(LogLevel::error, "sampling for metrics: " + sample.error().to_string(),
            LogEvent::storage_unavailable);
    }
}

Result<> Journal::refresh() {
    Result<Configuration> changes = parts_.storage->configuration(index_.revision());
    if (!changes) return changes.error();
    index_.apply(*changes);
    return {};
}

bool Journal::note_storage_result(const Result<>& result, const char* what) {
    is_healthy_ = result.has_value();
    if (result) return true;
    blocked_until_ = parts_.clock->steady_now() + pause_after_failure;
    log(LogLevel::error, std::string(what) + ": " + result.error().to_string(),
        LogEvent::storage_unavailable);
    if (result.error() == Errc::fenced) {
        log(LogLevel::warning, "another worker took over; continuing under a new identity",
            LogEvent::lease_lost);
        if (const Result<> begun = begin_identity(); !begun) {
            log(LogLevel::error, "new identity: " + begun.error().to_string(),
                LogEvent::storage_unavailable);
        }
    }
    return false;
}

// ---- Input.

Result<> Journal::submit(Submission& submission) {
    const std::size_t count = submission.publications.size();
    const std::size_t bytes = submission.payload_bytes();
    {
        const std::scoped_lock lock(mutex_);
        if (rejects_new_) return Error(Errc::stopped, "the service has stopped");
        if (queued_ + count > options_.max_publish_queue ||
            queued_bytes_ + bytes > options_.max_payload_bytes_in_memory) {
            return Error(Errc::overloaded, "too many publications are waiting; try again later");
        }
        submissions_.push_back(std::move(submission));
        queued_ += count;
        queued_bytes_ += bytes;
    }
    notify();
    return {};
}

void Journal::record(std::uint64_t epoch, Results results) {
    if (results.size() == 0) return;
    inbox_.release(epoch, results);
    {
        std::unique_lock lock(mutex_);
        if (epoch != epoch_) {
            lock.unlock();
            if (!results.attempts.empty()) parts_.observer->on_fenced(results.attempts.size());
            return;
        }
        results_.append(std::move(results));
    }
    notify();
}

bool Journal::has_room_for_results() const {
    const std::scoped_lock lock(mutex_);
    return results_.size() < max_pending_results;
}

void Journal::want_maintenance() {
    {
        const std::scoped_lock lock(mutex_);
        wants_maintenance_ = true;
    }
    notify();
}

void Journal::want_claim() {
    {
        const std::scoped_lock lock(mutex_);
        wants_claim_ = true;
    }
    notify();
}

void Journal::request_heartbeat() {
    {
        const std::scoped_lock lock(mutex_);
        wants_heartbeat_ = true;
    }
    notify();
}

// ---- One step.

std::size_t Journal::step() {
    const std::scoped_lock turn(step_mutex_);
    // A caller that waited for its turn during `close` must not start a new identity.
    if (is_closed_) return reject_pending();
    std::size_t done = 0;
    try {
        done = work();
    } catch (...) {
        on_fatal(what_was_thrown());
    }
    const SteadyTime wake_at = next_wake();
    const std::scoped_lock lock(mutex_);
    wake_at_ = wake_at;
    waits_for_storage_ = is_blocked();
    return done;
}

std::size_t Journal::work() {
    if (is_blocked()) return reject_pending();
    // Cleared first: delivery may set it again meanwhile.
    if (has_crashed_.exchange(false) && !reregister()) {
        has_crashed_ = true;
        return reject_pending();
    }
    std::size_t done = look_if_due();
    // In this order: events that delivery requests must have been written.
    done += continue_takeover();
    done += write_pending();
    done += serve_refill_requests();
    done += claim_due();
    done += maintain_if_wanted();
    return done;
}

/// Memory is used up, or a similar failure: how far the work got is unknown. It is treated as if
/// this process had died there, except that the callers get an error.
void Journal::on_fatal(std::string_view what) {
    has_crashed_ = true;
    end_lease();
    blocked_until_ = parts_.clock->steady_now() + pause_after_failure;
    log(LogLevel::error,
        "the storage thread failed and continues under a new identity:", LogEvent::service_failed);
    log(LogLevel::error, what, LogEvent::service_failed);
    for (Submission& submission : current_.submissions) {
        reject(submission, "the service failed");
    }
    current_ = {};
}

/// Continues under a new identity: storage knows what the previous one held.
bool Journal::reregister() {
    end_lease();
    const Result<> retired = parts_.storage->retire_worker(worker_.id);
    const bool is_retired = retired || retired.error() == Errc::fenced;
    return note_storage_result(is_retired ? begin_identity() : retired, "new identity");
}

/// Allocates no memory, which may be what is short. Publications from completions called here wait
/// for the next time.
std::size_t Journal::reject_pending() {
    std::size_t rejected = 0;
    std::size_t pending = 1;
    while (rejected < pending) {
        Submission next;
        {
            const std::scoped_lock lock(mutex_);
            if (submissions_.empty()) break;
            if (rejected == 0) pending = submissions_.size();
            next = std::move(submissions_.front());
            submissions_.pop_front();
            queued_ -= next.publications.size();
            queued_bytes_ -= next.payload_bytes();
        }
        reject(next, "storage does not respond; try again later");
        ++rejected;
    }
    return rejected;
}

/// Every waiting caller must get its result, even if there is no memory for the reason.
void Journal::reject(Submission& submission, const char* reason) const noexcept {
    std::string text;
    try {
        text = reason;
    } catch (...) {
        text.clear();
    }
    answer(submission, Error(Errc::unavailable, std::move(text)));
}

/// @pre `current_` is empty.
void Journal::take_work() {
    current_.results = std::exchange(unwritten_, {});
    const std::scoped_lock lock(mutex_);
    current_.results.append(std::exchange(results_, {}));
    current_.submissions.reserve(std::min(submissions_.size(), options_.max_batch));
    std::size_t taken = 0;
    while (!submissions_.empty()) {
        Submission& next = submissions_.front();
        const std::size_t count = next.publications.size();
        if (taken > 0 && taken + count > options_.max_batch) break;
        taken += count;
        queued_ -= count;
        queued_bytes_ -= next.payload_bytes();
        current_.submissions.push_back(std::move(next));
        submissions_.pop_front();
    }
}

std::size_t Journal::write_pending() {
    if (is_blocked() || !resolve_in_doubt_batch()) return 0;
    take_work();
    const std::size_t size = current_.submissions.size() + current_.results.size();
    if (!current_.submissions.empty() || has_rows(current_.results)) {
        write_current();
    } else {
        complete(current_.results, {});
    }
    current_ = {};
    return size;
}

void Journal::write_current() {
    Work& work = current_;
    settle(work.results);
    Batch batch{.number = ++last_batch_,
                .attempts = std::move(work.results.attempts),
                .custody_changes = std::move(work.results.custody_changes),
                .states = std::move(work.results.states),
                .deactivations = std::move(work.results.deactivations)};
    Result<> outcome = Error(Errc::unavailable, "subscriptions keep changing; try again");
    for (int matching = 0; matching < max_matchings; ++matching) {
        match(work, batch);
        const Result<BatchReceipt> receipt = parts_.storage->write(worker_.id, batch);
        if (receipt) {
            note_storage_result({}, "write");
            written_low_water_ = batch.low_water;
            take_back(batch, work.results);
            complete(work, batch, *receipt);
            return;
        }
        outcome = receipt.error();
        if (!(receipt.error() == Errc::stale_revision)) {
            is_in_doubt_ = true;
            break;
        }
        if (outcome = refresh(); !outcome) break;
        outcome = Error(Errc::unavailable, "subscriptions keep changing; try again");
    }
    take_back(batch, work.results);
    unwritten_ = std::move(work.results);
    note_storage_result(outcome, "write");
    for (Submission& submission : work.submissions) {
        answer(submission, for_callers(outcome.error()));
    }
}

bool Journal::resolve_in_doubt_batch() {
    if (!is_in_doubt_) return true;
    const std::optional<Heartbeat> answer = heartbeat();
    if (!answer) return false;
    if (answer->last_batch == last_batch_) {
        // Its callers were told that the outcome is unknown. Now it is known: all of it happened.
        if (!recover_appended() || !note_storage_result(refresh(), "reading changes")) return false;
        std::vector<SubscriptionId> deactivated;
        for (const Deactivation& wanted : unwritten_.deactivations) {
            const auto endpoint = index_.endpoint(wanted.subscription);
            if (endpoint && !endpoint->is_active) deactivated.push_back(wanted.subscription);
        }
        settle(unwritten_);
        complete(std::exchange(unwritten_, {}), deactivated);
    }
    is_in_doubt_ = false;
    return true;
}

/// Reads what the batch in doubt appended: no known event has an id above the last known one.
bool Journal::recover_appended() {
    while (true) {
        Result<std::vector<HeldEvent>> found =
            parts_.storage->appended_after(worker_.id, low_water_.last_added(), take_over_batch);
        if (!note_storage_result(found ? Result<>() : found.error(), "reading back")) return false;
        if (found->empty()) return true;
        for (const HeldEvent& event : *found) {
            low_water_.add(event.id, 1);
        }
        inbox_.deliver(std::move(*found));
    }
}

void Journal::match(Work& work, Batch& batch) {
    batch.appends.clear();
    batch.matched_at = index_.revision();
    batch.low_water = low_water_.value();
    std::size_t events = 0;
    std::size_t bytes = 0;
    std::size_t matched = 0;
    while (matched < work.submissions.size() && events < max_events_in_batch) {
        bool is_first = true;
        for (const PendingPublication& publication : work.submissions[matched++].publications) {
            Append append = match(publication);
            append.joins_previous = !std::exchange(is_first, false);
            events += append.subscriptions.size();
            bytes += append.subscriptions.size() * append.message->payload->size();
            const bool is_full = inbox_.held_events() + events > options_.max_events_in_memory ||
                                 inbox_.held_bytes() + bytes > options_.max_payload_bytes_in_memory;
            if (is_full && !append.due) append.due = now();
            batch.appends.push_back(std::move(append));
        }
    }
    const std::scoped_lock lock(mutex_);
    while (work.submissions.size() > matched) {
        queued_ += work.submissions.back().publications.size();
        queued_bytes_ += work.submissions.back().payload_bytes();
        submissions_.push_front(std::move(work.submissions.back()));
        work.submissions.pop_back();
    }
}

Append Journal::match(const PendingPublication& publication) const {
    Append append{.message = publication.message,
                  .subscriptions = {},
                  .idempotency = publication.idempotency,
                  .due = publication.due};
    if (!publication.only) {
        append.subscriptions =
            index_.match(publication.message->event_type, publication.owner).subscriptions;
    } else if (index_.endpoint(*publication.only)) {
        append.subscriptions = {*publication.only};
    }
    return append;
}

void Journal::complete(Work& work, const Batch& batch, const BatchReceipt& receipt) {
    std::vector<HeldEvent> events;
    for (std::size_t i = 0; i < receipt.appends.size(); ++i) {
        if (!receipt.appends[i]) continue;
        std::vector<HeldEvent> held = hold(batch.appends[i], *receipt.appends[i]);
        if (!held.empty()) low_water_.add(held.front().id, held.size());
        events.insert(events.end(), std::make_move_iterator(held.begin()),
                      std::make_move_iterator(held.end()));
        if (batch.appends[i].due) consider_due(*batch.appends[i].due);
    }
    inbox_.deliver(std::move(events));
    // If it fails, the next heartbeat reads it.
    if (!receipt.deactivated.empty()) static_cast<void>(refresh());
    complete(work.results, receipt.deactivated);
    std::span<const Result<Appended>> rest = receipt.appends;
    for (Submission& submission : work.submissions) {
        const std::size_t count = submission.publications.size();
        answer(submission, receipts_of(submission, rest.first(count)));
        rest = rest.subspan(count);
    }
}

Result<PublishReceipts> Journal::receipts_of(const Submission& submission,
                                             std::span<const Result<Appended>> appended) const {
    PublishReceipts receipts;
    BatchErrors errors;
    for (std::size_t i = 0; i < appended.size(); ++i) {
        const Result<Appended>& each = appended[i];
        if (!each) {
            if (!submission.is_batch) return each.error();
            if (!(each.error() == Errc::aborted)) errors.add(i, each.error());
            continue;
        }
        if (submission.publications[i].only && each->count == 0) {
            return Error(Errc::not_found, "no such subscription");
        }
        if (!each->is_replay) parts_.observer->on_published(each->count);
        receipts.push_back({.event_ids = event_ids(*each), .is_replay = each->is_replay});
    }
    if (!errors.empty()) return errors.error();
    return receipts;
}

void Journal::settle(const Results& results) {
    for (const AttemptRecord& record : results.attempts) {
        low_water_.mark_done(record.event);
    }
    for (const CustodyChange& change : results.custody_changes) {
        low_water_.mark_done(change.event);
    }
}

void Journal::complete(const Results& results, const std::vector<SubscriptionId>& deactivated) {
    for (const AttemptRecord& record : results.attempts) {
        if (record.due) consider_due(*record.due);
    }
    for (const CustodyChange& change : results.custody_changes) {
        if (change.custody == Custody::unclaimed) consider_due(change.due);
    }
    refill_requests_.insert(refill_requests_.end(), results.refill_requests.begin(),
                            results.refill_requests.end());
    for (const SubscriptionId id : deactivated) {
        notify_deactivated(id, results.deactivations);
    }
}

void Journal::notify_deactivated(SubscriptionId id, const std::vector<Deactivation>& wanted) {
    const auto found = std::ranges::find(wanted, id, &Deactivation::subscription);
    const bool is_gone = found != wanted.end() && !found->failing_since;
    parts_.observer->on_deactivated(
        id, is_gone ? DeactivationReason::gone : DeactivationReason::failing);
    const std::string line =
        "subscription " + std::to_string(id.value) + " was deactivated: " +
        (is_gone ? "its endpoint responded with 410" : "its endpoint has only failed for too long");
    parts_.observer->on_record({.level = LogLevel::warning,
                                .event = LogEvent::subscription_deactivated,
                                .message = line,
                                .subscription = id});
}

std::vector<HeldEvent> Journal::hold(const Append& append, const Appended& appended) const {
    std::vector<HeldEvent> events;
    if (append.due || appended.is_replay) return events;
    const Time appended_at = now();
    for (std::uint32_t i = 0; i < appended.count; ++i) {
        events.push_back({.id = {appended.first_event.value + i},
                          .subscription = append.subscriptions[i],
                          .worker_tag = worker_.tag,
                          .message = append.message,
                          .created_at = appended_at,
                          .due = appended_at});
    }
    return events;
}

void Journal::answer(Submission& submission, Result<PublishReceipts> receipts) const {
    const auto done = std::exchange(submission.done, nullptr);
    if (!done) return;
    try {
        done(std::move(receipts));
    } catch (...) {
        log(LogLevel::error, "a host's completion of async_publish threw; it was ignored",
            LogEvent::callback_failed);
    }
}

std::size_t Journal::room_in_memory() const {
    const std::size_t events = inbox_.held_events();
    const std::size_t bytes = inbox_.held_bytes();
    // The last quarter is for new publications, so that they need not wait for due events.
    const auto three_quarters = [](std::size_t all) { return all - all / 4; };
    const std::size_t max_events = three_quarters(options_.max_events_in_memory);
    const std::size_t max_bytes = three_quarters(options_.max_payload_bytes_in_memory);
    if (events >= max_events || bytes >= max_bytes) return 0;
    // Their sizes are unknown, so each counts as the maximum.
    const std::size_t largest = (max_bytes - bytes) / options_.max_payload_bytes;
    return std::min({max_events - events, std::max<std::size_t>(largest, 1), options_.max_batch});
}

bool Journal::resolve_in_doubt_claim() {
    if (!is_claim_in_doubt_) return true;
    if (!note_storage_result(parts_.storage->unclaim(worker_.id, last_claim_), "claim"))
        return false;
    is_claim_in_doubt_ = false;
    consider_due(now());
    return true;
}

std::size_t Journal::claim_due() {
    if (is_blocked() || !resolve_in_doubt_claim()) return 0;
    {
        const std::scoped_lock lock(mutex_);
        if (std::exchange(wants_claim_, false)) consider_due(now());
    }
    if (!next_due_ || now() < *next_due_) return 0;
    const std::size_t room = room_in_memory();
    if (room == 0) return 0;
    Result<Claim> claim = parts_.storage->claim(worker_.id, room, ++last_claim_);
    if (!claim) is_claim_in_doubt_ = true;
    if (!note_storage_result(claim ? Result<>() : claim.error(), "claim")) return 0;
    // What is known of subscriptions decides on these events: it must be no older than they are.
    if (claim->revision > index_.revision() && !note_storage_result(refresh(), "reading changes")) {
        is_claim_in_doubt_ = true;
        return 0;
    }
    next_due_ = claim->next_due;
    const std::size_t claimed = claim->events.size();
    // Storage has the correct time: its clock was set back.
    if (claimed == 0 && next_due_ && *next_due_ <= now()) heartbeat();
    inbox_.deliver(std::move(claim->events));
    return std::max<std::size_t>(claimed, 1);
}

std::size_t Journal::serve_refill_requests() {
    std::size_t served = 0;
    // The events that delivery requests may still have to be written.
    while (!refill_requests_.empty() && served < max_wants_in_step && !is_blocked() &&
           !is_in_doubt_ && resolve_in_doubt_claim()) {
        delivery::RefillRequest request = refill_requests_.front();
        const std::size_t room = room_in_memory();
        if (room == 0) break;
        request.count = std::min(request.count, room);
        Result<std::vector<HeldEvent>> events = parts_.storage->claim_reserved(
            worker_.id, request.subscription, request.count, ++last_claim_);
        if (!events) is_claim_in_doubt_ = true;
        if (!note_storage_result(events ? Result<>() : events.error(), "claim")) break;
        refill_requests_.pop_front();
        inbox_.refill(request, std::move(*events));
        ++served;
    }
    return served;
}

std::size_t Journal::maintain_if_wanted() {
    if (is_blocked()) return 0;
    const SteadyTime steady_now = parts_.clock->steady_now();
    {
        const std::scoped_lock lock(mutex_);
        if (!wants_maintenance_ && steady_now < next_maintenance_) return 0;
        wants_maintenance_ = false;
    }
    next_maintenance_ = steady_now + maintenance_interval;
    // If this worker wrote nothing else, storage would always believe that its events are in
    // memory. The mark includes results that are not written yet, so it must be written with them.
    const bool has_unwritten = is_in_doubt_ || unwritten_.size() > 0;
    if (!has_unwritten && low_water_.value() > written_low_water_) write_current();
    if (is_blocked()) return 0;
    const Result<bool> is_more = parts_.storage->maintain(
        {.limit = maintenance_batch, .keep_events_for = options_.retention});
    if (!note_storage_result(is_more ? Result<>() : is_more.error(), "maintenance")) return 0;
    if (*is_more) want_maintenance();
    return 1;
}

void Journal::consider_due(Time due) {
    if (!next_due_ || due < *next_due_) next_due_ = due;
}

// ---- Waiting.

SteadyTime Journal::next_wake() const {
    if (is_blocked()) return blocked_until_;
    const SteadyTime wake = std::min(next_look_, next_maintenance_);
    if (!next_due_ || room_in_memory() == 0) return wake;
    const auto until_due = std::max(*next_due_ - now(), Time::duration::zero());
    return std::min(wake, parts_.clock->steady_now() + until_due);
}

bool Journal::has_work() const {
    if (!submissions_.empty()) return true;
    return !waits_for_storage_ &&
           (results_.size() != 0 || wants_maintenance_ || wants_claim_ || wants_heartbeat_);
}

SteadyTime Journal::wake_at() const {
    const std::scoped_lock lock(mutex_);
    return has_work() ? SteadyTime::min() : wake_at_;
}

void Journal::wait() {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, wake_at_ - parts_.clock->steady_now(),
                      [this] { return stops_waiting_ || has_work(); });
}

void Journal::notify() {
    changed_.notify_one();
    if (parts_.on_change) parts_.on_change();
}

void Journal::stop_waiting() {
    {
        const std::scoped_lock lock(mutex_);
        stops_waiting_ = true;
    }
    changed_.notify_all();
}

void Journal::log(LogLevel level, std::string_view line, LogEvent event) const {
    parts_.observer->on_record(
        {.level = level, .event = event, .message = line, .worker = worker_.id});
}

}  // namespace webhooks::service
