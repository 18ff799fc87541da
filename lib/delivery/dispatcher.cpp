#include <algorithm>
#include <delivery/dispatcher.hpp>
#include <delivery/event_rules.hpp>

namespace webhooks::delivery {
namespace {

/// A local error delays the attempts of its subscription by this much, and uses up no attempt.
/// Other subscriptions may have what they need, such as an open connection.
constexpr std::chrono::seconds delay_after_local_error{1};
/// Events that are blocked for longer leave memory.
constexpr std::chrono::seconds longest_wait_in_memory{1};

}  // namespace

Dispatcher::Dispatcher(const ServiceOptions& options, const MemoryBudget& budget,
                       const Endpoints& endpoints)
    : options_(options),
      budget_(budget),
      health_policy_(options),
      endpoints_(endpoints),
      scheduler_(options.max_in_flight, options.max_in_flight_per_host) {}

// ---- Queues.

SubscriptionQueue& Dispatcher::queue_for(const HeldEvent& event, const Now& now) {
    const QueueKey key{.subscription = event.subscription, .is_test = is_test(event)};
    if (const auto found = queues_.find(key); found != queues_.end()) return *found->second;
    SubscriptionQueue& queue =
        *queues_.emplace(key, std::make_unique<SubscriptionQueue>(key)).first->second;
    try {
        refresh(queue, now);
    } catch (...) {
        // Every queue has its place among the turns.
        scheduler_.remove(queue);
        queues_.erase(key);
        throw;
    }
    return queue;
}

const Endpoint* Dispatcher::refresh(SubscriptionQueue& queue, const Now& now) {
    const std::uint64_t changes = endpoints_.changes();
    if (queue.refreshed_at == changes) return queue.endpoint.get();
    queue.endpoint = endpoints_.endpoint(queue.key.subscription);
    const Endpoint* const endpoint = queue.endpoint.get();
    // Events without an allowed endpoint queue under no host: they are recorded at once.
    const std::string_view host = endpoint ? endpoint->origin() : std::string_view();
    // A deleted subscription keeps its owner, for the requests in flight.
    const std::string_view owner = endpoint                 ? std::string_view(endpoint->owner)
                                   : queue.schedule.owner() ? queue.schedule.owner()->name
                                                            : std::string_view();
    if (!queue.schedule.host() || queue.schedule.host()->name != host ||
        queue.schedule.owner()->name != owner) {
        scheduler_.assign_host(queue, std::string(host), std::string(owner));
    }
    const Revision version = endpoint ? endpoint->revision : 0;
    const bool has_state = endpoint && !queue.key.is_test;
    if (queue.health.version() != version) {
        queue.rate_limit = has_state ? endpoint->rate_limit : 0;
        queue.health.begin_version(version, has_state ? endpoint : nullptr, health_policy_);
    }
    if (has_state) {
        queue.health.apply_pause(endpoint->extras().paused_until, now);
        queue.health.apply_notified(endpoint->extras().notified_failing_since);
    }
    queue.refreshed_at = changes;
    return endpoint;
}

void Dispatcher::refresh(const Now& now) {
    cancel_behind(now);
    for (auto place = queues_.begin(); place != queues_.end();) {
        SubscriptionQueue& queue = *place->second;
        const Endpoint* const endpoint = refresh(queue, now);
        cancel_queue(queue, endpoint, now);
        if (!endpoint && queue.is_idle()) {
            scheduler_.remove(queue);
            place = queues_.erase(place);
        } else {
            reserve_if_blocked_for_long(queue, now);
            reschedule(queue, now);
            ++place;
        }
    }
}

/// An event that will not be sent does not wait for a slot.
void Dispatcher::cancel_queue(SubscriptionQueue& queue, const Endpoint* endpoint, const Now& now) {
    while (!queue.events.empty()) {
        const char* reason = reason_to_cancel(queue.events.front().event, endpoint);
        if (!reason) return;
        results_.end_unsent(pop(queue), Outcome::cancelled, reason, now);
    }
}

void Dispatcher::reschedule(SubscriptionQueue& queue, const Now& now) {
    // However a requested probe has left, it leaves the pause to the events after it.
    if (!queue.may_probe()) queue.health.restore_pause(now);
    request_refill(queue, now);
    scheduler_.reschedule(queue, now.steady);
}

std::size_t Dispatcher::room_of(const SubscriptionQueue& queue) const {
    const SlotClass slot_class = queue.health.slot_class();
    const bool works = slot_class == SlotClass::proven || slot_class == SlotClass::shaky;
    return budget_.room_in_queue(queued(), queue.events.size() + queue.behind, works);
}

MemoryBudget::Queued Dispatcher::queued() const {
    MemoryBudget::Queued all = queued_;
    all.queues = queues_.size();
    return all;
}

void Dispatcher::request_refill(SubscriptionQueue& queue, const Now& now) {
    Backlog& backlog = queue.backlog;
    if (backlog.size() == 0 || backlog.is_requested() || queue.health.is_blocked(now.steady)) {
        return queue.starved_hook.leave();
    }
    std::size_t count = room_of(queue);
    if (count == 0 && queue.events.empty() && queue.behind == 0) {
        if (!queue.starved_hook.is_linked()) queue.starved_hook.enter(starved_);
        return;
    }
    queue.starved_hook.leave();
    // It asks again as what it has in memory leaves.
    if (count == 0 || count < queue.events.size()) return;
    if (queue.health.is_open) {
        if (queue.schedule.in_flight() > 0 || !queue.events.empty()) return;
        count = 1;  // The probe.
    }
    count = backlog.request(count);
    queued_.requested += count;
    results_.refill_requests.push_back({.subscription = queue.key.subscription, .count = count});
}

void Dispatcher::refill_starved(const Now& now) {
    while (!starved_.empty() && budget_.shared_room(queued()) > 0) {
        reschedule(*starved_.front(), now);
    }
}

// ---- Events entering and leaving memory.

void Dispatcher::add(HeldEvent event, const Now& now) {
    SubscriptionQueue& queue = queue_for(event, now);
    const bool asked_for = is_reopened(event);
    // Of many resent events one goes first; the others queue as usual.
    const bool goes_first =
        asked_for && (queue.events.empty() || !is_reopened(queue.events.front().event));
    if (asked_for) resume(queue.health, now.steady);
    if (goes_first) {
        push(queue, std::move(event), now);
        queue.events.splice(queue.events.begin(), queue.events, std::prev(queue.events.end()));
    } else if (!queue.key.is_test && room_of(queue) == 0) {
        reserve(queue, event, now);
    } else {
        push(queue, std::move(event), now);
        reserve_if_blocked_for_long(queue, now);
    }
    reschedule(queue, now);
}

void Dispatcher::refill(const RefillRequest& request, std::vector<HeldEvent> events,
                        const Now& now) {
    const auto found = queues_.find({.subscription = request.subscription});
    if (found != queues_.end()) {
        queued_.requested -= found->second->backlog.receive(events.size(), request.count);
    }
    for (HeldEvent& event : events) {
        SubscriptionQueue& queue = queue_for(event, now);
        push(queue, std::move(event), now);
    }
    if (found == queues_.end()) return;
    reserve_if_blocked_for_long(*found->second, now);
    reschedule(*found->second, now);
}

void Dispatcher::push(SubscriptionQueue& queue, HeldEvent event, const Now& now) {
    ++queued_.events;
    queued_.payload_bytes += payload_bytes(event);
    queue.events.push_back({.event = std::move(event), .since = now.steady});
}

HeldEvent Dispatcher::take(SubscriptionQueue& queue,
                           std::list<SubscriptionQueue::Entry>::iterator place) {
    HeldEvent event = std::move(place->event);
    queue.events.erase(place);
    --queued_.events;
    queued_.payload_bytes -= payload_bytes(event);
    return event;
}

void Dispatcher::reserve(SubscriptionQueue& queue, const HeldEvent& event, const Now& now) {
    const SteadyTime due = std::max(queue.health.blocked_until, now.steady);
    results_.change_custody(event, now.at(due), Custody::reserved);
    queue.backlog.add();
}

void Dispatcher::reserve_if_blocked_for_long(SubscriptionQueue& queue, const Now& now) {
    if (queue.health.blocked_until <= now.steady + longest_wait_in_memory) return;
    while (!queue.events.empty()) {
        reserve(queue, pop(queue), now);
    }
}

void Dispatcher::cancel(SubscriptionId subscription, EventId event, const Now& now) {
    static constexpr const char* deleted = "cancelled: the event was deleted";
    if (const auto found = behind_.find(event); found != behind_.end()) {
        return results_.end_unsent(take(found), Outcome::cancelled, deleted, now);
    }
    for (const bool is_test : {false, true}) {
        const auto found = queues_.find({.subscription = subscription, .is_test = is_test});
        if (found == queues_.end()) continue;
        SubscriptionQueue& queue = *found->second;
        const auto entry = std::ranges::find(
            queue.events, event,
            [](const SubscriptionQueue::Entry& waiting) { return waiting.event.id; });
        if (entry == queue.events.end()) continue;
        results_.end_unsent(take(queue, entry), Outcome::cancelled, deleted, now);
        note_unsent(queue, now);
        reschedule(queue, now);
    }
}

void Dispatcher::cancel_shredded(const std::string& user_id, Time destroyed_at, const Now& now) {
    const auto is_shredded = [&](const HeldEvent& event) {
        return event.message && event.message->user_id == user_id &&
               event.created_at <= destroyed_at;
    };
    for (auto place = behind_.begin(); place != behind_.end();) {
        const auto entry = place++;
        if (!is_shredded(entry->second.event)) continue;
        results_.end_unsent(take(entry), Outcome::cancelled, payload_destroyed, now);
    }
    for (const auto& [key, queue] : queues_) {
        const auto& owner = queue->schedule.owner();
        if (!owner || owner->name != user_id) continue;
        for (auto entry = queue->events.begin(); entry != queue->events.end();) {
            const auto next = std::next(entry);
            if (is_shredded(entry->event)) {
                results_.end_unsent(take(*queue, entry), Outcome::cancelled, payload_destroyed,
                                    now);
            }
            entry = next;
        }
        note_unsent(*queue, now);
        reschedule(*queue, now);
    }
}

void Dispatcher::persist_overdue(const Now& now) {
    if (queued_.events == 0) return;
    const SteadyTime limit = now.steady - options_.persist_after;
    const auto persist = [&](SubscriptionQueue::Entry& entry) {
        if (entry.since >= limit || entry.event.has_row) return;
        entry.event.has_row = true;
        results_.change_custody(entry.event, now.time, Custody::in_memory);
    };
    for (const auto& [key, queue] : queues_) {
        std::ranges::for_each(queue->events, persist);
    }
    for (auto& [id, entry] : behind_) {
        persist(entry);
    }
}

// ---- Attempts.

std::optional<Dispatcher::Start> Dispatcher::next(const Now& now) {
    while (SubscriptionQueue* opened = scheduler_.pop_ready(now.steady)) {
        reschedule(*opened, now);
    }
    refill_starved(now);
    while (SubscriptionQueue* turn = scheduler_.next()) {
        SubscriptionQueue& queue = *turn;
        const Host* host = queue.schedule.host();
        const Endpoint* const endpoint = refresh(queue, now);
        const HeldEvent& first = queue.events.front().event;
        if (queue.schedule.host() != host || queue.ready_at() > now.steady) {
            // The subscription has changed: its next turn is with another host, or later.
            reserve_if_blocked_for_long(queue, now);
        } else if (const char* reason = reason_to_cancel(first, endpoint)) {
            results_.end_unsent(pop(queue), Outcome::cancelled, reason, now);
            note_unsent(queue, now);
        } else if (is_expired(first, now.time)) {
            results_.end_unsent(pop(queue), Outcome::expired, "expired: its expiresAt had passed",
                                now);
            note_unsent(queue, now);
        } else {
            const Transport::Token token = ++last_token_;
            Flight& flight = flights_[token];
            flight = {.event = pop(queue),
                      .slot = scheduler_.begin(queue),
                      .endpoint = queue.endpoint,
                      .sent_at = now.time,
                      .started = now.steady};
            queue.rate.take(queue.rate_limit, now.steady);
            reschedule(queue, now);
            return Start{token, flight.event, flight.endpoint, now.time};
        }
        reschedule(queue, now);
    }
    return {};
}

bool Dispatcher::finish(Transport::Token token, const TransportAnswer& answer, const Now& now,
                        double random_unit) {
    const auto found = flights_.find(token);
    if (found == flights_.end()) return false;
    const Flight flight = std::move(found->second);
    flights_.erase(found);
    SubscriptionQueue& queue = *flight.slot.queue;
    const bool is_sent = answer.kind != TransportAnswer::Kind::not_sent;
    if (is_sent) {
        scheduler_.adjust_limit(flight.slot, answer.kind == TransportAnswer::Kind::answered);
    }
    scheduler_.end(flight.slot);
    if (!is_sent) {
        // Any worker may claim it then.
        results_.change_custody(flight.event, now.time + delay_after_local_error,
                                Custody::unclaimed);
        queue.delayed_until = now.steady + delay_after_local_error;
        note_unsent(queue, now);
    } else {
        const RetryPolicy policy = policy_for(flight);
        record(flight, answer, policy, now, random_unit);
        // A result for an earlier version of the subscription says nothing about this one.
        if (!queue.key.is_test && queue.health.version() == flight.endpoint->revision) {
            note(queue, flight, answer, policy, now);
        }
    }
    reschedule(queue, now);
    return true;
}

void Dispatcher::record(const Flight& flight, const TransportAnswer& answer,
                        const RetryPolicy& policy, const Now& now, double random_unit) {
    const HeldEvent& event = flight.event;
    const int number = event.attempts + 1;
    const int attempts_since_reopened = event.attempts_since_reopened + 1;
    const Verdict verdict = decide(answer, policy, attempts_since_reopened, now.time, random_unit);
    const auto duration =
        std::chrono::duration_cast<std::chrono::microseconds>(now.steady - flight.started);
    results_.batch.attempts.push_back(
        {.event = event.id,
         .subscription = event.subscription,
         .user_id = flight.endpoint->owner,
         .attempt = describe(answer, number, flight.sent_at, duration, verdict.outcome),
         .due = verdict.due,
         .attempts_since_reopened = attempts_since_reopened,
         .has_row = event.has_row,
         .is_ordered = is_ordered(event)});
    if (verdict.outcome == Outcome::exhausted) ++results_.exhausted;
    results_.contexts.push_back({.message = event.message,
                                 .endpoint = flight.endpoint,
                                 .reason = reason_of(answer),
                                 .created_at = event.created_at,
                                 .due = event.due});
    results_.release(event);
}

void Dispatcher::note(SubscriptionQueue& queue, const Flight& flight, const TransportAnswer& answer,
                      const RetryPolicy& policy, const Now& now) {
    results_.add(queue.health.note({.answer = answer,
                                    .event = flight.event.id,
                                    .number = flight.event.attempts + 1,
                                    .sent_at = flight.sent_at,
                                    .started = flight.started},
                                   health_policy_, policy, now));
    reserve_if_blocked_for_long(queue, now);
}

/// What left may have been a requested probe, which leaves the pause to the events after it.
void Dispatcher::note_unsent(SubscriptionQueue& queue, const Now& now) {
    if (queue.may_probe()) return;
    queue.health.restore_pause(now);
    reserve_if_blocked_for_long(queue, now);
}

RetryPolicy Dispatcher::policy_for(const Flight& flight) const {
    return {
        .schedule = options_.retry_schedule,
        .jitter = options_.retry_jitter,
        .max_retry_count = flight.slot.queue->key.is_test ? 0 : flight.endpoint->max_retry_count,
        .max_retry_after = options_.max_retry_after,
        .retry_on = flight.endpoint->retry_on};
}

std::vector<Transport::Token> Dispatcher::tokens_in_flight() const {
    std::vector<Transport::Token> tokens;
    tokens.reserve(flights_.size());
    for (const auto& [token, flight] : flights_) {
        tokens.push_back(token);
    }
    return tokens;
}

}  // namespace webhooks::delivery
