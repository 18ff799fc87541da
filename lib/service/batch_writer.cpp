#include <algorithm>
#include <service/batch_writer.hpp>
#include <service/matcher.hpp>
#include <span>
#include <string>
#include <utility>

namespace webhooks::service {
namespace {

using delivery::Results;

/// How often matching is repeated when subscriptions keep changing meanwhile.
constexpr int max_matchings = 10;
/// The number of events that are read back at once after a lost receipt.
constexpr std::size_t recovery_batch = 1000;

}  // namespace

std::size_t BatchWriter::reset(const Worker& worker) {
    low_water_.reset(worker.last_event);
    written_low_water_ = worker.last_event;
    last_batch_ = 0;
    is_in_doubt_ = false;
    return std::exchange(unwritten_, {}).batch.attempts.size();
}

void BatchWriter::note(const Heartbeat& heartbeat) {
    // A batch whose receipt was lost may have appended events that are not known yet.
    if (!is_in_doubt_) low_water_.advance_to(heartbeat.last_event);
    has_fan_outs_ = heartbeat.has_fan_outs;
}

// ---- Writing.

std::size_t BatchWriter::write_pending() {
    if (!resolve_in_doubt_batch()) return 0;
    current_.results = std::exchange(unwritten_, {});
    const bool is_due = parts_.counters.add_due(current_.results);
    parts_.pending.take(current_);
    const std::size_t size =
        current_.submissions.size() + current_.results.size() + (is_due || has_fan_outs() ? 1 : 0);
    match(current_.results.batch);
    if (!current_.submissions.empty() || current_.results.rows() > 0 || has_fan_outs()) {
        write_current();
    } else {
        complete(current_.results, {});
    }
    current_ = {};
    return size;
}

bool BatchWriter::write_low_water_mark() {
    // The mark includes results that are not written yet, so it must be written with them.
    if (has_unwritten() || low_water_.value() <= written_low_water_) return true;
    match(current_.results.batch);
    return write_current();
}

bool BatchWriter::write_current() {
    mark_done(current_.results);
    Batch& batch = current_.results.batch;
    batch.low_water = low_water_.value();
    batch.number = ++last_batch_;
    batch.exhausted_window = parts_.exhausted_window;
    batch.slice_size = std::max<std::size_t>(parts_.max_events_per_commit / 4, 1);
    batch.continues_fan_outs = has_fan_outs();
    const Result<BatchReceipt> receipt = write_matched(batch);
    if (receipt) {
        written_low_water_ = batch.low_water;
        parts_.health.note_storage_result(receipt, "write");
        complete(batch, *receipt);
        return true;
    }
    batch.appends.clear();
    // In case the fan-out is what failed, it is left out until a heartbeat turns it on again.
    has_fan_outs_ = false;
    unwritten_ = std::move(current_.results);
    parts_.health.note_storage_result(receipt, "write");
    for (Submission& submission : current_.submissions) {
        answer(submission, for_callers(receipt.error()), *parts_.observer);
    }
    return false;
}

Result<BatchReceipt> BatchWriter::write_matched(Batch& batch) {
    for (int matching = 0; matching < max_matchings; ++matching) {
        Result<BatchReceipt> receipt = parts_.storage->write(parts_.identity.id(), batch);
        if (receipt) return receipt;
        if (!(receipt.error() == Errc::stale_revision)) {
            // Any other error may have come after the commit.
            is_in_doubt_ = true;
            return receipt;
        }
        if (const Result<> fresh = parts_.changes.refresh(); !fresh) return fresh.error();
        match(batch);
    }
    return Error(Errc::unavailable, "subscriptions keep changing; try again");
}

void BatchWriter::abort_batch(const char* reason) noexcept {
    for (Submission& submission : current_.submissions) {
        reject(submission, reason, *parts_.observer);
    }
    current_ = {};
}

// ---- Matching.

void BatchWriter::match(Batch& batch) {
    std::vector<Submission>& submissions = current_.submissions;
    batch.appends.clear();
    filtered_.clear();
    batch.revision = parts_.index.revision();
    Matcher matcher(parts_.index, parts_.max_events_per_batch);
    std::size_t events = 0;
    std::size_t held = 0;
    std::size_t bytes = 0;
    std::vector<Submission*> later;
    later.reserve(submissions.size());
    for (Submission& submission : submissions) {
        if (events >= parts_.max_events_per_commit || !matcher.match(submission)) {
            later.push_back(&submission);
            continue;
        }
        const bool is_large = count_events(submission) > parts_.max_events_per_commit;
        bool is_first = true;
        for (PendingPublication& publication : submission.publications) {
            Append append = take_append(publication);
            append.joins_previous = !std::exchange(is_first, false);
            append.is_only_repeated = submission.rejection.has_value();
            if (is_large) fan_out(append);
            const std::size_t pushed = append.subscriptions.size() - append.pulled.size();
            events += append.subscriptions.size();
            held += pushed;
            bytes += pushed * append.message->payload->size();
            if (!parts_.budget.has_room_for(held, bytes) && !append.due) {
                append.due = parts_.clock.now();
            }
            batch.appends.push_back(std::move(append));
        }
    }
    put_back(later);
}

void BatchWriter::fan_out(Append& append) const {
    if (append.subscriptions.empty() || !append.message->ordering_key.empty()) return;
    append.is_fanned_out = true;
    if (!append.due) append.due = parts_.clock.now();
}

Append BatchWriter::take_append(PendingPublication& publication) {
    SubscriptionIndex::Match& found = *publication.found;
    Append append{.message = publication.message,
                  .subscriptions = std::move(found.subscriptions),
                  .idempotency = publication.idempotency,
                  .due = publication.due};
    append.pulled = std::move(found.pulled);
    filtered_.push_back(std::move(found.filtered));
    publication.found.reset();
    return append;
}

void BatchWriter::put_back(const std::vector<Submission*>& later) {
    for (auto last = later.rbegin(); last != later.rend(); ++last) {
        parts_.pending.put_back(**last);
    }
    // Those put back were moved from.
    std::erase_if(current_.submissions,
                  [](const Submission& submission) { return submission.publications.empty(); });
}

// ---- After the commit.

void BatchWriter::complete(const Batch& batch, const BatchReceipt& receipt) {
    const Time now = parts_.clock.now();
    std::size_t published = 0;
    std::vector<HeldEvent> events;
    events.reserve(receipt.appends.size());
    delivery::TurnNews news{.turns = receipt.turns, .returned = receipt.returned};
    for (std::size_t i = 0; i < receipt.appends.size(); ++i) {
        if (!receipt.appends[i]) continue;
        const Appended& appended = *receipt.appends[i];
        const Append& append = batch.appends[i];
        if (append.due) parts_.claimer.consider_due(*append.due);
        if (appended.is_replay) continue;
        published += appended.count;
        parts_.counters.count_filtered(filtered_[i], now);
        if (!append.due) hold(append, appended, receipt, now, events, news.behind);
        for (const SubscriptionId subscription : append.subscriptions) {
            parts_.feeds.check(subscription);
        }
    }
    for (const EventId event : receipt.returned) {
        low_water_.mark_done(event);
    }
    parts_.inbox.deliver(std::move(events));
    parts_.inbox.pass_turns(std::move(news));
    if (published > 0) parts_.counters.count_published(published);
    has_fan_outs_ = receipt.has_fan_outs;
    if (receipt.operational + receipt.released + receipt.fanned_out > 0) {
        parts_.claimer.consider_due(now);
    }
    if (receipt.operational + receipt.fanned_out > 0) parts_.feeds.check_all();
    // If it fails, the next heartbeat reads it.
    if (!receipt.deactivated.empty()) static_cast<void>(parts_.changes.refresh());
    complete(current_.results, receipt.deactivated);
    std::span<const Result<Appended>> rest = receipt.appends;
    for (Submission& submission : current_.submissions) {
        const std::size_t count = submission.publications.size();
        answer(submission, receipts_of(submission, rest.first(count), *parts_.observer),
               *parts_.observer);
        rest = rest.subspan(count);
    }
}

void BatchWriter::mark_done(const Results& results) {
    for (const AttemptRecord& record : results.batch.attempts) {
        low_water_.mark_done(record.event);
    }
    for (const CustodyChange& change : results.batch.custody_changes) {
        low_water_.mark_done(change.event);
    }
}

void BatchWriter::complete(const Results& results, const std::vector<SubscriptionId>& deactivated) {
    parts_.counters.count(results);
    for (const AttemptRecord& record : results.batch.attempts) {
        if (record.due) parts_.claimer.consider_due(*record.due);
    }
    for (const CustodyChange& change : results.batch.custody_changes) {
        if (change.custody == Custody::unclaimed) parts_.claimer.consider_due(change.due);
    }
    parts_.claimer.add(results.refill_requests);
    if (results.returned_all) parts_.claimer.note_returned_all();
    for (const SubscriptionId id : deactivated) {
        notify_deactivated(id, results.batch.deactivations);
    }
}

void BatchWriter::notify_deactivated(SubscriptionId id, const std::vector<Deactivation>& wanted) {
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

void BatchWriter::hold(const Append& append, const Appended& appended, const BatchReceipt& receipt,
                       Time appended_at, std::vector<HeldEvent>& events,
                       std::vector<HeldEvent>& behind) {
    if (appended.count > 0) low_water_.add(appended.first_event, appended.count);
    for (std::uint32_t i = 0; i < appended.count; ++i) {
        const EventId id{appended.first_event.value + i};
        const SubscriptionId subscription = append.subscriptions[i];
        if (append.is_pulled(subscription) || std::ranges::binary_search(receipt.waiting, id)) {
            low_water_.mark_done(id);
            continue;
        }
        const bool is_behind = std::ranges::binary_search(receipt.behind, id);
        (is_behind ? behind : events)
            .push_back({.id = id,
                        .subscription = subscription,
                        .worker_tag = parts_.identity.worker().tag,
                        .message = append.message,
                        .created_at = appended_at,
                        .due = appended_at});
    }
}

// ---- A lost receipt.

bool BatchWriter::resolve_in_doubt_batch() {
    if (!is_in_doubt_) return true;
    const Result<Heartbeat> heartbeat = parts_.identity.heartbeat();
    if (!parts_.health.note_storage_result(heartbeat, "heartbeat")) return false;
    if (heartbeat->last_batch == last_batch_) {
        // Its callers were told that the outcome is unknown. Now it is known: all of it happened.
        if (!recover_appended() || !parts_.changes.refresh_index()) return false;
        std::vector<SubscriptionId> deactivated;
        for (const Deactivation& wanted : unwritten_.batch.deactivations) {
            const auto endpoint = parts_.index.endpoint(wanted.subscription);
            if (endpoint && !endpoint->is_active) deactivated.push_back(wanted.subscription);
        }
        mark_done(unwritten_);
        // Operational events, and the next ones with ordering keys, if there are any.
        parts_.claimer.consider_due(parts_.clock.now());
        parts_.claimer.return_all_behind();
        parts_.feeds.check_all();
        complete(std::exchange(unwritten_, {}), deactivated);
    }
    is_in_doubt_ = false;
    return true;
}

/// Reads what the batch in doubt appended: its events have ids above the last known one.
bool BatchWriter::recover_appended() {
    while (true) {
        Result<std::vector<HeldEvent>> found = parts_.storage->appended_after(
            parts_.identity.id(), low_water_.last_added(), recovery_batch);
        if (!parts_.health.note_storage_result(found, "reading back")) return false;
        if (found->empty()) return true;
        parts_.observer->on_published(found->size());
        parts_.counters.count_published(found->size());
        std::vector<HeldEvent> unordered;
        delivery::TurnNews news;
        for (HeldEvent& event : *found) {
            low_water_.add(event.id, 1);
            (event.message->ordering_key.empty() ? unordered : news.behind)
                .push_back(std::move(event));
        }
        parts_.inbox.deliver(std::move(unordered));
        parts_.inbox.pass_turns(std::move(news));
    }
}

}  // namespace webhooks::service
