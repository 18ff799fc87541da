#include <algorithm>
#include <service/journal.hpp>

namespace webhooks::service {
namespace {

/// How often matching is repeated when subscriptions keep changing under it.
constexpr int max_matchings = 10;
/// Events that one transaction appends at most, unless a single publication has more.
constexpr std::size_t max_events_in_batch = 10'000;
/// Results that may wait for storage.
constexpr std::size_t max_pending_results = 20'000;
constexpr std::size_t take_over_batch = 1000;
constexpr std::size_t maintenance_batch = 1000;
/// After a failed call, storage is left alone for this long.
constexpr std::chrono::milliseconds pause_after_failure{500};
constexpr std::chrono::minutes maintenance_interval{1};

std::vector<EventId> event_ids(const Appended& appended) {
    std::vector<EventId> ids;
    for (std::uint32_t i = 0; i < appended.count; ++i) {
        ids.push_back({appended.first_event.value + i});
    }
    return ids;
}

template <class T>
void append_to(std::vector<T>& target, std::vector<T>& source) {
    target.insert(target.end(), std::make_move_iterator(source.begin()),
                  std::make_move_iterator(source.end()));
    source.clear();
}

void append_to(Results& target, Results& source) {
    append_to(target.attempts, source.attempts);
    append_to(target.parks, source.parks);
}

}  // namespace

Journal::Journal(Parts parts, const ServiceOptions& options, SubscriptionIndex& index, Inbox& inbox)
    : parts_(std::move(parts)), options_(options), index_(index), inbox_(inbox) {}

// ---- Identity and time.

Result<> Journal::open() {
    const std::scoped_lock turn(step_mutex_);
    if (Result<> begun = begin_identity(); !begun) return begun;
    if (Result<> fresh = refresh(); !fresh) return fresh;
    return take_over_all();
}

void Journal::refuse_new() {
    const std::scoped_lock lock(mutex_);
    refuses_new_ = true;
}

Result<> Journal::close() {
    const std::scoped_lock turn(step_mutex_);
    while (write_pending() > 0 && is_healthy_) {
    }
    refuse_pending();
    is_closed_ = true;
    return parts_.storage->retire_worker(worker_.id);
}

Result<> Journal::begin_identity() {
    Result<Worker> worker = parts_.storage->register_worker(options_.lease);
    if (!worker) return worker.error();
    worker_ = *worker;
    low_water_.clear();
    unwritten_ = {};
    std::uint64_t epoch = 0;
    {
        const std::scoped_lock lock(mutex_);
        epoch = ++epoch_;
        results_ = {};
    }
    inbox_.begin_epoch(epoch);
    Result<Pulse> pulse = parts_.storage->pulse(worker_.id);
    if (!pulse) return pulse.error();
    synchronize(*pulse);
    return {};
}

void Journal::synchronize(const Pulse& pulse) {
    {
        const std::scoped_lock lock(time_mutex_);
        base_time_ = pulse.now;
        base_steady_ = parts_.clock->steady_now();
    }
    next_pulse_ = parts_.clock->steady_now() + options_.heartbeat_interval;
    // What others hand back is found by looking; what this worker parked it knows about.
    consider_due(pulse.now);
}

Time Journal::now() const {
    const std::scoped_lock lock(time_mutex_);
    return base_time_ + std::chrono::duration_cast<std::chrono::microseconds>(
                            parts_.clock->steady_now() - base_steady_);
}

Result<> Journal::take_over_all() {
    while (true) {
        const Result<std::size_t> moved = parts_.storage->take_over(worker_.id, take_over_batch);
        if (!moved) return moved.error();
        if (*moved > 0) {
            log(LogLevel::info, "took over " + std::to_string(*moved) + " events");
            consider_due(now());
        }
        if (*moved < take_over_batch) return {};
    }
}

void Journal::pulse_if_due() {
    if (parts_.clock->steady_now() < next_pulse_) return;
    const Result<Pulse> pulse = parts_.storage->pulse(worker_.id);
    if (!accept(pulse ? Result<>() : pulse.error(), "heartbeat")) return;
    synchronize(*pulse);
    if (pulse->revision != index_.revision() && !accept(refresh(), "reading changes")) return;
    if (!accept(parts_.storage->declare_dead(worker_.id), "take-over")) return;
    accept(take_over_all(), "take-over");
}

Result<> Journal::refresh() {
    Result<Configuration> changes = parts_.storage->configuration(index_.revision());
    if (!changes) return changes.error();
    index_.apply(*changes);
    return {};
}

bool Journal::accept(const Result<>& result, const char* what) {
    is_healthy_ = result.has_value();
    if (result) return true;
    blocked_until_ = parts_.clock->steady_now() + pause_after_failure;
    log(LogLevel::error, std::string(what) + ": " + result.error().to_string());
    if (result.error() == Errc::fenced) {
        log(LogLevel::warning, "another worker took over; going on under a new identity");
        if (const Result<> begun = begin_identity(); !begun) {
            log(LogLevel::error, "new identity: " + begun.error().to_string());
        }
    }
    return false;
}

// ---- What comes in.

Result<> Journal::submit(PendingPublication publication) {
    {
        const std::scoped_lock lock(mutex_);
        if (refuses_new_) return Error(Errc::stopped, "the service has stopped");
        if (publications_.size() >= options_.max_publish_queue) {
            return Error(Errc::overloaded, "too many publications are waiting; try again later");
        }
        publications_.push_back(std::move(publication));
    }
    changed_.notify_one();
    return {};
}

void Journal::record(std::uint64_t epoch, Results results) {
    if (results.size() == 0) return;
    inbox_.release(epoch, results.size());
    {
        const std::scoped_lock lock(mutex_);
        if (epoch != epoch_) return;
        append_to(results_, results);
    }
    changed_.notify_one();
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
    changed_.notify_one();
}

void Journal::want_claim() {
    {
        const std::scoped_lock lock(mutex_);
        wants_claim_ = true;
    }
    changed_.notify_one();
}

// ---- One step.

std::size_t Journal::step() {
    const std::scoped_lock turn(step_mutex_);
    // A caller that was waiting for its turn during `close` must not begin another identity.
    if (is_closed_) return refuse_pending();
    std::size_t done = 0;
    if (is_blocked()) {
        done += refuse_pending();
    } else {
        pulse_if_due();
        done += write_pending() + claim_due() + maintain_if_wanted();
    }
    const SteadyTime wake_at = next_wake();
    const std::scoped_lock lock(mutex_);
    wake_at_ = wake_at;
    waits_for_storage_ = is_blocked();
    return done;
}

std::size_t Journal::refuse_pending() {
    std::deque<PendingPublication> refused;
    {
        const std::scoped_lock lock(mutex_);
        refused.swap(publications_);
    }
    for (PendingPublication& publication : refused) {
        answer(publication, Error(Errc::unavailable, "storage does not answer; try again later"));
    }
    return refused.size();
}

Journal::Work Journal::take_work() {
    Work work;
    append_to(work.results, unwritten_);
    const std::scoped_lock lock(mutex_);
    append_to(work.results, results_);
    while (!publications_.empty() && work.publications.size() < options_.max_batch) {
        work.publications.push_back(std::move(publications_.front()));
        publications_.pop_front();
    }
    return work;
}

std::size_t Journal::write_pending() {
    Work work = take_work();
    const std::size_t size = work.publications.size() + work.results.size();
    if (size == 0) return 0;
    Batch batch{.attempts = std::move(work.results.attempts),
                .parks = std::move(work.results.parks)};
    Result<> outcome = Error(Errc::unavailable, "subscriptions keep changing; try again");
    for (int matching = 0; matching < max_matchings; ++matching) {
        match(work, batch);
        const Result<BatchReceipt> receipt = parts_.storage->write(worker_.id, batch);
        if (receipt) {
            accept({}, "write");
            complete(work, batch, *receipt);
            return size;
        }
        outcome = receipt.error();
        if (!(receipt.error() == Errc::stale_revision)) break;
        if (outcome = refresh(); !outcome) break;
        outcome = Error(Errc::unavailable, "subscriptions keep changing; try again");
    }
    unwritten_ = {.attempts = std::move(batch.attempts), .parks = std::move(batch.parks)};
    accept(outcome, "write");
    for (PendingPublication& publication : work.publications) {
        answer(publication, outcome.error());
    }
    return size;
}

void Journal::match(Work& work, Batch& batch) {
    batch.appends.clear();
    batch.matched_at = index_.revision();
    for (const AttemptRecord& record : batch.attempts) {
        low_water_.settle(record.event);
    }
    for (const Park& park : batch.parks) {
        low_water_.settle(park.event);
    }
    batch.low_water = low_water_.value();
    std::size_t events = 0;
    for (const PendingPublication& publication : work.publications) {
        if (events >= max_events_in_batch) break;
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
        events += append.subscriptions.size();
        const bool is_full = inbox_.held() + events > options_.max_events_in_memory;
        if (is_full && !append.due) append.due = now();
        batch.appends.push_back(std::move(append));
    }
    const std::scoped_lock lock(mutex_);
    while (work.publications.size() > batch.appends.size()) {
        publications_.push_front(std::move(work.publications.back()));
        work.publications.pop_back();
    }
}

void Journal::complete(Work& work, const Batch& batch, const BatchReceipt& receipt) {
    for (const AttemptRecord& record : batch.attempts) {
        if (record.due) consider_due(*record.due);
    }
    for (const Park& park : batch.parks) {
        consider_due(park.due);
    }
    std::vector<HeldEvent> events;
    for (std::size_t i = 0; i < receipt.appends.size(); ++i) {
        if (!receipt.appends[i]) continue;
        std::vector<HeldEvent> held = hold(batch.appends[i], *receipt.appends[i]);
        if (!held.empty()) low_water_.add(held.front().id, held.size());
        append_to(events, held);
        if (batch.appends[i].due) consider_due(*batch.appends[i].due);
    }
    inbox_.deliver(std::move(events));
    for (std::size_t i = 0; i < receipt.appends.size(); ++i) {
        const Result<Appended>& appended = receipt.appends[i];
        PendingPublication& publication = work.publications[i];
        if (!appended) {
            answer(publication, appended.error());
        } else if (publication.only && appended->count == 0) {
            answer(publication, Error(Errc::not_found, "no such subscription"));
        } else {
            if (!appended->is_replay) parts_.observer->on_published(appended->count);
            answer(publication, PublishReceipt{.event_ids = event_ids(*appended),
                                               .is_replay = appended->is_replay});
        }
    }
}

std::vector<HeldEvent> Journal::hold(const Append& append, const Appended& appended) const {
    std::vector<HeldEvent> events;
    if (append.due || appended.is_replay) return events;
    for (std::uint32_t i = 0; i < appended.count; ++i) {
        events.push_back({.id = {appended.first_event.value + i},
                          .subscription = append.subscriptions[i],
                          .worker_tag = worker_.tag,
                          .message = append.message});
    }
    return events;
}

void Journal::answer(PendingPublication& publication, Result<PublishReceipt> receipt) const {
    try {
        publication.done(std::move(receipt));
    } catch (...) {
        log(LogLevel::error, "a host's completion of async_publish threw; it was ignored");
    }
}

std::size_t Journal::claim_due() {
    {
        const std::scoped_lock lock(mutex_);
        if (std::exchange(wants_claim_, false)) consider_due(now());
    }
    if (!next_due_ || now() < *next_due_) return 0;
    const std::size_t held = inbox_.held();
    if (held >= options_.max_events_in_memory) return 0;
    const std::size_t room = options_.max_events_in_memory - held;
    Result<Claim> claim = parts_.storage->claim(worker_.id, std::min(room, options_.max_batch));
    if (!accept(claim ? Result<>() : claim.error(), "claim")) return 0;
    next_due_ = claim->next_due;
    const std::size_t claimed = claim->events.size();
    inbox_.deliver(std::move(claim->events));
    return claimed;
}

std::size_t Journal::maintain_if_wanted() {
    const SteadyTime steady_now = parts_.clock->steady_now();
    {
        const std::scoped_lock lock(mutex_);
        if (!wants_maintenance_ && steady_now < next_maintenance_) return 0;
        wants_maintenance_ = false;
    }
    next_maintenance_ = steady_now + maintenance_interval;
    const Result<bool> is_more = parts_.storage->maintain(maintenance_batch);
    if (!accept(is_more ? Result<>() : is_more.error(), "maintenance") || !*is_more) return 0;
    want_maintenance();
    return 1;
}

void Journal::consider_due(Time due) {
    if (!next_due_ || due < *next_due_) next_due_ = due;
}

// ---- Waiting.

SteadyTime Journal::next_wake() const {
    if (is_blocked()) return blocked_until_;
    const SteadyTime wake = std::min(next_pulse_, next_maintenance_);
    if (!next_due_ || inbox_.held() >= options_.max_events_in_memory) return wake;
    const auto until_due = std::max(*next_due_ - now(), Time::duration::zero());
    return std::min(wake, parts_.clock->steady_now() + until_due);
}

void Journal::wait() {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, wake_at_ - parts_.clock->steady_now(), [this] {
        if (stops_waiting_ || !publications_.empty()) return true;
        return !waits_for_storage_ && (results_.size() != 0 || wants_maintenance_ || wants_claim_);
    });
}

void Journal::stop_waiting() {
    {
        const std::scoped_lock lock(mutex_);
        stops_waiting_ = true;
    }
    changed_.notify_all();
}

void Journal::log(LogLevel level, const std::string& line) const {
    parts_.observer->on_log(level, line);
}

}  // namespace webhooks::service
