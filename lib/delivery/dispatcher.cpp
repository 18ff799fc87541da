#include <algorithm>
#include <delivery/dispatcher.hpp>
#include <webhooks/event_type.hpp>

namespace webhooks::delivery {
namespace {

using std::chrono::duration_cast;
using std::chrono::microseconds;

/// A local error delays the attempts of its subscription by this much, and uses up no attempt.
/// Other subscriptions may have what they need, such as an open connection.
constexpr std::chrono::seconds delay_after_local_error{1};
/// The minimum interval between reports about an endpoint that alternates between failure and
/// recovery.
constexpr std::chrono::minutes report_interval{1};
/// Events that are blocked for longer leave memory.
constexpr std::chrono::seconds longest_wait_in_memory{1};

bool is_test(const HeldEvent& event) {
    return event.message && event.message->event_type == test_event_type;
}

/// The host under which events without an allowed endpoint queue: they are recorded at once.
std::string host_of(const Endpoint* endpoint) {
    return endpoint ? std::string(endpoint->origin()) : std::string();
}

/// @return null if the event should be attempted.
const char* reason_to_cancel(const HeldEvent& event, const Endpoint* endpoint) {
    if (!endpoint) return "cancelled: the subscription was deleted";
    if (!endpoint->is_active && !is_test(event)) return "cancelled: the subscription is not active";
    return nullptr;
}

/// A resend was requested: the event has a history, and is sent as a probe.
bool is_reopened(const HeldEvent& event) {
    return event.is_requested && event.attempts > 0;
}

bool is_expired(const HeldEvent& event, Time now) {
    return event.message && event.message->expires_at && now >= *event.message->expires_at;
}

}  // namespace

Dispatcher::Dispatcher(const ServiceOptions& options, const MemoryBudget& budget,
                       EndpointLookup lookup)
    : options_(options),
      budget_(budget),
      breaker_{.failures = options.breaker_failures,
               .first_pause = options.breaker_pause,
               .longest_pause = options.breaker_max_pause},
      lookup_(std::move(lookup)),
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

std::shared_ptr<const Endpoint> Dispatcher::refresh(SubscriptionQueue& queue, const Now& now) {
    std::shared_ptr<const Endpoint> endpoint = lookup_(queue.key.subscription);
    const std::string host = host_of(endpoint.get());
    // A deleted subscription keeps its owner, for the requests in flight.
    const std::string owner = endpoint ? endpoint->owner : queue.owner ? queue.owner->name : "";
    if (!queue.host || queue.host->name != host || queue.owner->name != owner) {
        scheduler_.assign_host(queue, host, owner);
    }
    const Revision version = endpoint ? endpoint->revision : 0;
    if (queue.version != version) begin_version(queue, endpoint.get());
    if (endpoint && !queue.key.is_test) hear(queue, endpoint->paused_until, now);
    return endpoint;
}

void Dispatcher::begin_version(SubscriptionQueue& queue, const Endpoint* endpoint) {
    queue.version = endpoint ? endpoint->revision : 0;
    queue.health = {.has_succeeded = queue.health.has_succeeded};
    queue.paused_until.reset();
    queue.asked_until.reset();
    queue.heard_until.reset();
    queue.failing_since.reset();
    queue.failures = 0;
    queue.rate_limit = 0;
    if (!endpoint || queue.key.is_test) return;
    queue.rate_limit = endpoint->rate_limit;
    queue.failing_since = endpoint->failing_since;
    if (!endpoint->failing_since) return;
    // How and how often it failed is not stored: until it succeeds, it is treated as failing.
    queue.health.last_had_no_response = true;
    queue.failures = options_.breaker_failures;
}

void Dispatcher::hear(SubscriptionQueue& queue, std::optional<Time> paused_until, const Now& now) {
    const std::optional<Time> heard = std::exchange(queue.heard_until, paused_until);
    if (heard == paused_until) return;
    if (paused_until) {
        queue.asked_until = std::max(queue.asked_until, paused_until);
        // Of one that is known already, a request that is in flight may be the probe.
        if (paused_until <= queue.paused_until) return;
        queue.paused_until = paused_until;
        if (*paused_until > now.time) {
            pause(queue.health, *paused_until - now.time, now.steady);
        }
    } else if (heard == queue.paused_until) {
        // Another worker had success; one event at a time finds out what is so here.
        queue.paused_until.reset();
        queue.asked_until.reset();
        resume(queue.health, now.steady);
    }
}

void Dispatcher::refresh(const Now& now) {
    for (auto place = queues_.begin(); place != queues_.end();) {
        SubscriptionQueue& queue = *place->second;
        const std::shared_ptr<const Endpoint> endpoint = refresh(queue, now);
        const bool is_gone = endpoint == nullptr;
        cancel_queue(queue, endpoint.get(), now);
        if (is_gone && queue.events.empty() && queue.in_flight == 0 && queue.deferred == 0) {
            scheduler_.remove(queue);
            place = queues_.erase(place);
        } else {
            defer_if_blocked_for_long(queue, now);
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
        end(pop(queue), Outcome::cancelled, reason, now);
    }
}

void Dispatcher::reschedule(SubscriptionQueue& queue, const Now& now) {
    request_refill(queue, now);
    scheduler_.reschedule(queue, now.steady);
}

std::size_t Dispatcher::room_of(const SubscriptionQueue& queue) const {
    const SlotClass slot_class = queue.health.share();
    const bool works = slot_class == SlotClass::proven || slot_class == SlotClass::shaky;
    return budget_.room_in_queue(queued(), queue.events.size(), works);
}

MemoryBudget::Queued Dispatcher::queued() const {
    return {.events = waiting_,
            .payload_bytes = waiting_bytes_,
            .requested = wanted_,
            .queues = queues_.size()};
}

void Dispatcher::request_refill(SubscriptionQueue& queue, const Now& now) {
    if (queue.deferred == 0 || queue.wanted > 0 || queue.health.is_blocked(now.steady)) {
        return queue.starved_hook.leave();
    }
    std::size_t count = room_of(queue);
    if (count == 0 && queue.events.empty()) {
        if (!queue.starved_hook.is_linked()) queue.starved_hook.enter(starved_);
        return;
    }
    queue.starved_hook.leave();
    // With this many in its queue it asks again as they leave.
    if (count < queue.events.size()) return;
    if (queue.health.is_open) {
        if (queue.in_flight > 0 || !queue.events.empty()) return;
        count = 1;  // The probe.
    }
    queue.wanted = std::min(count, queue.deferred);
    wanted_ += queue.wanted;
    queue.deferred_since_request = 0;
    results_.refill_requests.push_back(
        {.subscription = queue.key.subscription, .count = queue.wanted});
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
        defer(queue, event, now);
        release(event);
    } else {
        push(queue, std::move(event), now);
        defer_if_blocked_for_long(queue, now);
    }
    reschedule(queue, now);
}

void Dispatcher::refill(const RefillRequest& request, std::vector<HeldEvent> events,
                        const Now& now) {
    const auto found = queues_.find({.subscription = request.subscription});
    if (found != queues_.end()) {
        SubscriptionQueue& queue = *found->second;
        wanted_ -= std::exchange(queue.wanted, 0);
        // Fewer than requested: the other deferred events no longer exist.
        queue.deferred = events.size() < request.count ? queue.deferred_since_request
                                                       : queue.deferred - events.size();
    }
    for (HeldEvent& event : events) {
        SubscriptionQueue& queue = queue_for(event, now);
        push(queue, std::move(event), now);
    }
    if (found == queues_.end()) return;
    defer_if_blocked_for_long(*found->second, now);
    reschedule(*found->second, now);
}

void Dispatcher::push(SubscriptionQueue& queue, HeldEvent event, const Now& now) {
    ++waiting_;
    waiting_bytes_ += payload_bytes(event);
    queue.events.push_back({.event = std::move(event), .since = now.steady});
}

HeldEvent Dispatcher::take(SubscriptionQueue& queue,
                           std::list<SubscriptionQueue::Entry>::iterator place) {
    HeldEvent event = std::move(place->event);
    queue.events.erase(place);
    --waiting_;
    waiting_bytes_ -= payload_bytes(event);
    return event;
}

void Dispatcher::defer(SubscriptionQueue& queue, const HeldEvent& event, const Now& now) {
    results_.custody_changes.push_back(
        {.event = event.id,
         .subscription = event.subscription,
         .due = now.at(std::max(queue.health.blocked_until, now.steady)),
         .attempts = event.attempts,
         .attempts_since_reopened = event.attempts_since_reopened,
         .custody = Custody::reserved});
    ++queue.deferred;
    ++queue.deferred_since_request;
}

void Dispatcher::defer_if_blocked_for_long(SubscriptionQueue& queue, const Now& now) {
    if (queue.health.blocked_until <= now.steady + longest_wait_in_memory) return;
    while (!queue.events.empty()) {
        const HeldEvent event = pop(queue);
        defer(queue, event, now);
        release(event);
    }
}

void Dispatcher::set_custody(const HeldEvent& event, Time due) {
    results_.custody_changes.push_back({.event = event.id,
                                        .subscription = event.subscription,
                                        .due = due,
                                        .attempts = event.attempts,
                                        .attempts_since_reopened = event.attempts_since_reopened});
    release(event);
}

void Dispatcher::end(const HeldEvent& event, Outcome outcome, const char* reason, const Now& now) {
    results_.attempts.push_back({.event = event.id,
                                 .subscription = event.subscription,
                                 .attempt = {.number = event.attempts + 1,
                                             .sent_at = now.time,
                                             .error_message = reason,
                                             .outcome = outcome},
                                 .attempts_since_reopened = event.attempts_since_reopened,
                                 .has_row = event.has_row});
    results_.contexts.push_back({.message = event.message,
                                 .endpoint = {},
                                 .created_at = event.created_at,
                                 .due = event.due});
    release(event);
}

void Dispatcher::release(const HeldEvent& event) {
    ++results_.released_events;
    results_.released_bytes += payload_bytes(event);
}

void Dispatcher::cancel(SubscriptionId subscription, EventId event, const Now& now) {
    for (const bool is_test : {false, true}) {
        const auto found = queues_.find({.subscription = subscription, .is_test = is_test});
        if (found == queues_.end()) continue;
        SubscriptionQueue& queue = *found->second;
        const auto entry = std::ranges::find(
            queue.events, event,
            [](const SubscriptionQueue::Entry& waiting) { return waiting.event.id; });
        if (entry == queue.events.end()) continue;
        end(take(queue, entry), Outcome::cancelled, "cancelled: the event was deleted", now);
        reschedule(queue, now);
    }
}

void Dispatcher::persist_overdue(const Now& now) {
    if (waiting_ == 0) return;
    const SteadyTime limit = now.steady - options_.park_after;
    for (const auto& [key, queue] : queues_) {
        for (SubscriptionQueue::Entry& entry : queue->events) {
            if (entry.since >= limit || entry.event.has_row) continue;
            entry.event.has_row = true;
            results_.custody_changes.push_back(
                {.event = entry.event.id,
                 .subscription = entry.event.subscription,
                 .due = now.time,
                 .attempts = entry.event.attempts,
                 .attempts_since_reopened = entry.event.attempts_since_reopened,
                 .custody = Custody::in_memory});
        }
    }
}

void Dispatcher::clear(const Now& now) {
    flights_.clear();
    scheduler_.end_all();
    waiting_ = waiting_bytes_ = wanted_ = 0;
    results_ = {};
    for (const auto& [key, queue] : queues_) {
        queue->events.clear();
        queue->in_flight = queue->deferred = queue->wanted = 0;
        reschedule(*queue, now);
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
        const Host* host = queue.host;
        std::shared_ptr<const Endpoint> endpoint = refresh(queue, now);
        const HeldEvent& first = queue.events.front().event;
        if (queue.host != host || queue.ready_at() > now.steady) {
            // The subscription has changed: its next turn is with another host, or later.
            defer_if_blocked_for_long(queue, now);
        } else if (const char* reason = reason_to_cancel(first, endpoint.get())) {
            end(pop(queue), Outcome::cancelled, reason, now);
        } else if (is_expired(first, now.time)) {
            end(pop(queue), Outcome::expired, "expired: its expiresAt had passed", now);
        } else {
            const Transport::Token token = ++last_token_;
            Flight flight{.event = pop(queue),
                          .queue = queue.key,
                          .slot = scheduler_.begin(queue),
                          .endpoint = endpoint,
                          .sent_at = now.time,
                          .started = now.steady};
            queue.rate.take(queue.rate_limit, now.steady);
            reschedule(queue, now);
            Start start{.token = token,
                        .event = flight.event,
                        .endpoint = std::move(endpoint),
                        .sent_at = now.time};
            flights_.emplace(token, std::move(flight));
            return start;
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
    SubscriptionQueue& queue = *queues_.at(flight.queue);
    --queue.in_flight;
    if (answer.kind == TransportAnswer::Kind::not_sent) {
        set_custody(flight.event, now.time + delay_after_local_error);
        queue.delayed_until = now.steady + delay_after_local_error;
    } else {
        scheduler_.adjust_limit(flight.slot, answer.kind == TransportAnswer::Kind::answered);
        record(flight, answer, now, random_unit);
        // A result for an earlier version of the subscription says nothing about this one.
        if (!queue.key.is_test && queue.version == flight.endpoint->revision) {
            note(queue, flight, answer, now);
        }
    }
    scheduler_.end(flight.slot);
    reschedule(queue, now);
    return true;
}

void Dispatcher::record(const Flight& flight, const TransportAnswer& answer, const Now& now,
                        double random_unit) {
    const HeldEvent& event = flight.event;
    const int number = event.attempts + 1;
    const int attempts_since_reopened = event.attempts_since_reopened + 1;
    const Verdict verdict =
        decide(answer, policy_for(flight), attempts_since_reopened, now.time, random_unit);
    const auto duration = duration_cast<microseconds>(now.steady - flight.started);
    results_.attempts.push_back(
        {.event = event.id,
         .subscription = event.subscription,
         .attempt = describe(answer, number, flight.sent_at, duration, verdict.outcome),
         .due = verdict.due,
         .attempts_since_reopened = attempts_since_reopened,
         .has_row = event.has_row});
    results_.contexts.push_back({.message = event.message,
                                 .endpoint = flight.endpoint,
                                 .reason = reason_of(answer),
                                 .created_at = event.created_at,
                                 .due = event.due});
    release(event);
}

void Dispatcher::note(SubscriptionQueue& queue, const Flight& flight, const TransportAnswer& answer,
                      const Now& now) {
    const bool was_failing = queue.failing_since.has_value();
    const SteadyTime was_blocked_until = queue.health.blocked_until;
    const std::optional<Time> was_asked_until = queue.asked_until;
    const bool is_success = response_class_of(answer) == ResponseClass::success;
    if (is_success) {
        note_success(queue.health, flight.started);
        queue.failing_since.reset();
        queue.failures = 0;
        report_success(queue);
    } else {
        note_failed(queue, flight, answer, now);
    }
    if (was_failing == queue.failing_since.has_value() &&
        was_blocked_until == queue.health.blocked_until) {
        return;
    }
    EndpointState state{.subscription = queue.key.subscription,
                        .judged_at = queue.version,
                        .failing_since = queue.failing_since,
                        .is_asked_for = was_asked_until != queue.asked_until};
    if (queue.health.is_blocked(now.steady)) {
        state.paused_until = queue.paused_until =
            std::max(queue.paused_until, std::optional(now.at(queue.health.blocked_until)));
    } else if (is_success) {
        state.ended_pause = std::exchange(queue.paused_until, std::nullopt);
        state.is_asked_for = false;
        queue.asked_until.reset();
    }
    results_.states.push_back(state);
}

void Dispatcher::note_failed(SubscriptionQueue& queue, const Flight& flight,
                             const TransportAnswer& answer, const Now& now) {
    report_failure(queue, answer, now);
    const ResponseClass response_class = response_class_of(answer);
    Failure failure{.started = flight.started,
                    .has_no_response = answer.kind == TransportAnswer::Kind::failed};
    if (response_class == ResponseClass::slow_down) {
        failure.wanted_pause = wanted_pause(answer, policy_for(flight), now.time);
    }
    note_failure(queue.health, breaker_, failure, now.steady);
    if (failure.wanted_pause && failure.wanted_pause->count() > 0) {
        queue.asked_until =
            std::max(queue.asked_until, std::optional(now.time + *failure.wanted_pause));
    }
    // A requested probe ends the pause only if it succeeds.
    if (queue.asked_until && *queue.asked_until > now.time) {
        pause(queue.health, *queue.asked_until - now.time, now.steady);
    }
    if (!queue.failing_since) queue.failing_since = flight.sent_at;
    ++queue.failures;
    deactivate_if_due(queue, flight, response_class, now);
    defer_if_blocked_for_long(queue, now);
}

void Dispatcher::deactivate_if_due(SubscriptionQueue& queue, const Flight& flight,
                                   ResponseClass response_class, const Now& now) {
    Deactivation deactivation{.subscription = queue.key.subscription,
                              .judged_at = flight.endpoint->revision};
    if (response_class != ResponseClass::gone) {
        if (options_.deactivate_after == std::chrono::seconds(0)) return;
        if (now.time - *queue.failing_since < options_.deactivate_after) return;
        // Two failures that are days apart prove little.
        if (queue.failures < options_.breaker_failures) return;
        deactivation.failing_since = queue.failing_since;
        // If another worker has had a success since then, storage is not asked again at every
        // failure.
        queue.failing_since = flight.sent_at;
    }
    results_.deactivations.push_back(deactivation);
}

void Dispatcher::report_failure(SubscriptionQueue& queue, const TransportAnswer& answer,
                                const Now& now) {
    if (queue.is_reported_as_failing || now.steady < queue.next_report) return;
    queue.is_reported_as_failing = true;
    queue.next_report = now.steady + report_interval;
    HealthChange change{.subscription = queue.key.subscription,
                        .is_failing = true,
                        .error = error_of(answer),
                        .reason = reason_of(answer)};
    if (change.reason == FailureReason::status) change.status_code = answer.status_code;
    results_.health_changes.push_back(std::move(change));
}

void Dispatcher::report_success(SubscriptionQueue& queue) {
    if (!std::exchange(queue.is_reported_as_failing, false)) return;
    results_.health_changes.push_back(
        {.subscription = queue.key.subscription, .is_failing = false, .error = {}});
}

RetryPolicy Dispatcher::policy_for(const Flight& flight) const {
    return {.schedule = options_.retry_schedule,
            .jitter = options_.retry_jitter,
            .max_retry_count = flight.queue.is_test ? 0 : flight.endpoint->max_retry_count,
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
