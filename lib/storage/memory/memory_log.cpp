#include <storage/claim_behind.hpp>
#include <storage/memory/memory_log.hpp>

#include <algorithm>
#include <base/never_destroyed.hpp>
#include <query/evaluate_list.hpp>
#include <storage/delivery_statistics.hpp>
#include <storage/feed_page.hpp>

namespace webhooks::storage {
namespace {

/// A subscription's events, as `read_feed` needs them.
class MemoryFeed {
public:
    MemoryFeed(const std::set<EventId>& ids, const std::map<EventId, MemoryEvent>& events,
               EventId settled, Time now)
        : ids_(ids), events_(events), settled_(settled), now_(now) {}

    std::optional<EventId> first_after(EventId after, std::optional<Time> since) const {
        for (auto id = ids_.upper_bound(after); id != ids_.end() && *id <= settled_; ++id) {
            if (!since || events_.at(*id).created_at >= *since) return *id;
        }
        return std::nullopt;
    }

    void read(EventId after, const FeedRequest& request, FeedRows& rows) const {
        std::size_t bytes = 0;
        for (auto id = ids_.upper_bound(after); id != ids_.end() && *id <= settled_; ++id) {
            const MemoryEvent& event = events_.at(*id);
            if (event.message->expires_at && *event.message->expires_at <= now_) continue;
            rows.has_more = rows.events.size() == request.take || bytes > request.max_bytes;
            if (rows.has_more) return;
            rows.events.push_back(event.held(*id));
            if (event.is_pulled()) {
                rows.events.back().due = event.message->deliver_at.value_or(Time{});
            } else if (!event.is_scheduled()) {
                rows.events.back().due = {};
            }
            bytes += event.message->payload->size();
        }
    }

private:
    const std::set<EventId>& ids_;
    const std::map<EventId, MemoryEvent>& events_;
    const EventId settled_;
    const Time now_;
};

}  // namespace

const std::set<EventId>& MemoryLog::of(SubscriptionId subscription) const {
    static const NeverDestroyed<std::set<EventId>> none;
    const auto found = of_subscription_.find(subscription);
    return found == of_subscription_.end() ? *none : found->second;
}

// ---- For readers.

const MemoryEvent* MemoryLog::find(EventId id) const {
    const auto found = events_.find(id);
    return found == events_.end() ? nullptr : &found->second;
}

std::vector<Event> MemoryLog::newest(SubscriptionId subscription, std::size_t limit) const {
    std::vector<Event> events;
    const std::set<EventId>& ids = of(subscription);
    for (auto id = ids.rbegin(); id != ids.rend() && events.size() < limit; ++id) {
        Event event = events_.at(*id).view(*id);
        event.blocked_by = in_front_of(*id);
        events.push_back(std::move(event));
    }
    return events;
}

void MemoryLog::copy(SubscriptionId subscription, Copies& copies) const {
    for (const EventId id : of(subscription)) {
        copies.emplace_back(id, events_.at(id));
    }
}

Result<FeedRows> MemoryLog::feed(SubscriptionId subscription, const FeedRequest& request,
                                 std::uint64_t database, EventId settled, Time now) const {
    const FeedState state{.database = database,
                          .newest = last_event_,
                          .settled = settled,
                          .last_purged = last_purged_,
                          .purges = purges_};
    return read_feed(request, state, MemoryFeed(of(subscription), events_, settled, now));
}

Result<DeliveryStatistics> MemoryLog::statistics(SubscriptionId subscription, Time from,
                                                 const query::Budget& budget) const {
    StatisticsBuilder builder;
    std::int64_t waiting = 0;
    std::size_t seen = 0;
    const std::set<EventId>& ids = of(subscription);
    for (auto id = ids.rbegin(); id != ids.rend(); ++id) {
        const MemoryEvent& event = events_.at(*id);
        if (budget.is_used_up()) return query::timed_out();
        if (event.is_in_memory_alone() || event.has_due_row()) ++waiting;
        if (++seen > max_events_in_statistics) continue;
        for (const Attempt& attempt : event.attempts) {
            if (attempt.sent_at > from) {
                builder.add(attempt.sent_at, attempt.duration, attempt.outcome);
            }
        }
    }
    DeliveryStatistics statistics = builder.result();
    statistics.waiting = waiting;
    return statistics;
}

bool MemoryLog::delivered_since(SubscriptionId subscription, Time since) const {
    return std::ranges::any_of(of(subscription), [&](EventId id) {
        return std::ranges::any_of(events_.at(id).attempts, [&](const Attempt& attempt) {
            return attempt.outcome == Outcome::delivered && attempt.sent_at >= since;
        });
    });
}

std::size_t MemoryLog::count_waiting(SubscriptionId subscription) const {
    return static_cast<std::size_t>(std::ranges::count_if(
        of(subscription), [&](EventId id) { return events_.at(id).has_due_row(); }));
}

void MemoryLog::count(StorageSample& sample, Time now) const {
    for (const auto& [due, id] : due_) {
        ++(due <= now ? sample.due : sample.scheduled);
    }
    sample.reserved = reserved_.size();
    if (sample.due > 0) sample.oldest_due = due_.begin()->first;
}

// ---- Resending.

bool MemoryLog::reopen(EventId id, Time now) {
    const MemoryEvent& event = events_.at(id);
    if (!event.can_reopen()) return false;
    put_row(id, {.due = now,
                 .attempts = event.attempts.empty() ? 0 : event.attempts.back().number,
                 .is_requested = true});
    if (event.is_ordered()) reenter_queue(id);
    return true;
}

Reopened MemoryLog::reopen_undelivered(SubscriptionId subscription, const CreationPeriod& period,
                                       EventId after, std::size_t limit, Time now) {
    Reopened reopened;
    const std::set<EventId>& ids = of(subscription);
    for (auto id = ids.upper_bound(after); id != ids.end(); ++id) {
        if (!events_.at(*id).is_undelivered(period)) continue;
        reopen(*id, now);
        if (++reopened.count < limit) continue;
        reopened.next = *id;
        break;
    }
    return reopened;
}

std::size_t MemoryLog::count_undelivered(SubscriptionId subscription,
                                         const CreationPeriod& period) const {
    return static_cast<std::size_t>(std::ranges::count_if(
        of(subscription), [&](EventId id) { return events_.at(id).is_undelivered(period); }));
}

// ---- For workers.

void MemoryLog::append(const Worker& worker, const Append& append, EventId first, Time now,
                       BatchReceipt& receipt) {
    EventId id = first;
    for (const SubscriptionId subscription : append.subscriptions) {
        const bool is_pulled = append.is_pulled(subscription);
        events_[id] = {.subscription = subscription,
                       .message = append.message,
                       .worker = is_pulled ? WorkerId{} : worker.id,
                       .worker_tag = worker.tag,
                       .created_at = now};
        of_subscription_[subscription].insert(id);
        if (append.due && !is_pulled) put_row(id, {.due = append.due});
        if (events_[id].is_ordered() && !is_pulled) enter_queue(worker.id, id, now, receipt);
        advance_to(id);
        ++id.value;
    }
}

bool MemoryLog::write(WorkerId worker, const AttemptRecord& record, Time now,
                      BatchReceipt& receipt) {
    const auto found = events_.find(record.event);
    if (found == events_.end() && record.is_ordered) leave_queue(record.event, now, receipt);
    if (found == events_.end() || !found->second.is_held_by(worker)) return false;
    found->second.attempts.push_back(record.attempt);
    if (record.attempt.outcome == Outcome::delivered) {
        erase_row(record.event);
    } else {
        put_row(record.event, {.due = record.due,
                               .attempts = record.attempt.number,
                               .attempts_since_reopened = record.attempts_since_reopened});
    }
    if (record.is_ordered) {
        record.due ? put_back(record.event, now, receipt) : leave_queue(record.event, now, receipt);
    }
    return true;
}

void MemoryLog::write(WorkerId worker, const CustodyChange& change, Time now,
                      BatchReceipt& receipt) {
    const auto found = events_.find(change.event);
    const bool leaves_memory = change.is_ordered && change.custody != Custody::in_memory;
    if (found == events_.end() && leaves_memory) leave_queue(change.event, now, receipt);
    if (found == events_.end() || !found->second.is_held_by(worker)) return;
    put_row(change.event, {.due = change.due,
                           .attempts = change.attempts,
                           .attempts_since_reopened = change.attempts_since_reopened,
                           .claimed_by = change.custody == Custody::unclaimed ? WorkerId{} : worker,
                           .is_reserved = change.custody == Custody::reserved});
    if (!leaves_memory) return;
    change.custody == Custody::reserved ? reserve(change.event, now, receipt)
                                        : put_back(change.event, now, receipt);
}

std::vector<HeldEvent> MemoryLog::appended_after(WorkerId worker, EventId after,
                                                 std::size_t limit) const {
    std::vector<HeldEvent> found;
    for (auto place = events_.upper_bound(after); place != events_.end() && found.size() < limit;
         ++place) {
        const auto& [id, event] = *place;
        if (event.worker == worker && event.is_in_memory_alone()) found.push_back(event.held(id));
    }
    return found;
}

Claim MemoryLog::claim(WorkerId worker, ClaimLimit limit, std::int64_t number, Time now) {
    Claim claim;
    std::vector<HeldEvent>& claimed = claim.events;
    std::size_t bytes = 0;
    while (!due_.empty() && claimed.size() < limit.events && due_.begin()->first <= now) {
        const EventId id = due_.begin()->second;
        MemoryEvent& event = events_.at(id);
        bytes += event.message->payload->size();
        if (bytes > limit.payload_bytes && !claimed.empty()) break;
        due_.erase(due_.begin());
        if (event.is_ordered() && !order_.take(id, worker)) {
            event.row->claimed_by = waits_in_queue;
            continue;
        }
        event.row->claimed_by = worker;
        event.row->claim_number = number;
        claimed.push_back(event.held(id));
    }
    const std::size_t room =
        room_behind(std::max(limit.events_of_any_size(), claimed.size()) - claimed.size(), claimed);
    for (const HeldEvent& event : claimed) {
        if (leads_others(event)) claim_behind(event, room, worker, number, now, claim.behind);
    }
    return claim;
}

std::optional<Time> MemoryLog::next_due() const {
    return due_.empty() ? std::nullopt : std::optional(due_.begin()->first);
}

std::vector<HeldEvent> MemoryLog::claim_reserved(WorkerId worker, SubscriptionId subscription,
                                                 std::size_t limit, std::int64_t number) {
    std::vector<HeldEvent> claimed;
    auto place = reserved_.lower_bound({worker, subscription, EventId{}});
    while (place != reserved_.end() && claimed.size() < limit && std::get<0>(*place) == worker &&
           std::get<1>(*place) == subscription) {
        const EventId id = std::get<2>(*place);
        place = reserved_.erase(place);
        MemoryEvent& event = events_.at(id);
        event.row->is_reserved = false;
        event.row->claim_number = number;
        claimed.push_back(event.held(id));
    }
    return claimed;
}

void MemoryLog::unclaim(WorkerId worker, std::int64_t number, Time now) {
    BatchReceipt unused;
    for (auto& [id, event] : events_) {
        if (!event.row || event.row->claimed_by != worker || event.row->is_reserved ||
            event.row->claim_number != number) {
            continue;
        }
        MemoryEvent::Row row = *event.row;
        row.claimed_by = {};
        put_row(id, row);
        if (event.is_ordered()) put_back(id, now, unused);
    }
}

std::size_t MemoryLog::release(WorkerId worker, EventId& low_water, std::size_t limit, Time now,
                               const TimeoutOf& timeout_of) {
    std::size_t moved = release_held(worker, now, timeout_of);
    for (auto place = events_.upper_bound(low_water); place != events_.end() && moved < limit;
         ++place) {
        const auto& [id, event] = *place;
        low_water = id;
        if (event.worker != worker || !event.is_in_memory_alone()) continue;
        put_row(id, {.due = now});
        ++moved;
    }
    for (auto& [id, event] : events_) {
        if (moved >= limit) break;
        if (!event.row || event.row->claimed_by != worker) continue;
        MemoryEvent::Row row = *event.row;
        if (!row.is_reserved) row.due = std::min(row.due, std::optional(now));
        row.claimed_by = {};
        row.is_reserved = row.is_requested = false;
        put_row(id, row);
        ++moved;
    }
    return moved;
}

// ---- Rows.

void MemoryLog::put_row(EventId id, MemoryEvent::Row row) {
    erase_row(id);
    MemoryEvent& event = events_.at(id);
    event.row = row;
    if (row.is_reserved) {
        reserved_.emplace(row.claimed_by, event.subscription, id);
    } else if (row.due && row.claimed_by == WorkerId{}) {
        due_.emplace(*row.due, id);
    }
}

void MemoryLog::erase_row(EventId id) {
    MemoryEvent& event = events_.at(id);
    if (!event.row) return;
    reserved_.erase({event.row->claimed_by, event.subscription, id});
    if (event.row->due) due_.erase({*event.row->due, id});
    event.row.reset();
}

// ---- Deletion.

void MemoryLog::erase(EventId id, Time now) {
    const MemoryEvent& event = events_.at(id);
    const bool is_in_memory = event.may_be_held() && !(event.row && event.row->is_reserved);
    // Its request may be in flight: the next one waits for its end.
    if (event.is_ordered() && is_in_memory && order_.has_turn(id)) {
        order_.note_deleted(id, now);
    } else if (event.is_ordered()) {
        BatchReceipt unused;
        leave_queue(id, now, unused);
    }
    erase_row(id);
    const auto found = events_.find(id);
    const auto ids = of_subscription_.find(found->second.subscription);
    ids->second.erase(id);
    if (ids->second.empty()) of_subscription_.erase(ids);
    events_.erase(found);
}

std::size_t MemoryLog::erase_of(SubscriptionId subscription, std::size_t limit, Time now) {
    std::size_t erased = 0;
    while (erased < limit && !of(subscription).empty()) {
        erase(*of(subscription).begin(), now);
        ++erased;
    }
    return erased;
}

std::size_t MemoryLog::erase_old(std::chrono::seconds keep_for, std::size_t limit, Time now) {
    std::size_t seen = 0;
    auto place = events_.upper_bound(retention_.start(now));
    while (seen < limit && place != events_.end() && place->second.created_at < now - keep_for) {
        const auto& [id, event] = *place++;
        const bool is_kept = event.is_in_memory_alone() || event.has_due_row();
        retention_.advance(id, is_kept);
        ++seen;
        if (is_kept) continue;
        last_purged_ = std::max(last_purged_, id);
        ++purges_;
        erase(id, now);
    }
    if (seen < limit) retention_.finish(now);
    return seen;
}

}  // namespace webhooks::storage
