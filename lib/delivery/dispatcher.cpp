#include <algorithm>
#include <cstdio>
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

Dispatcher::Dispatcher(const ServiceOptions& options, EndpointLookup lookup)
    : options_(options),
      breaker_{.failures = options.breaker_failures,
               .first_pause = options.breaker_pause,
               .longest_pause = options.breaker_max_pause},
      lookup_(std::move(lookup)),
      turns_(options.max_in_flight, options.max_in_flight_per_host) {}

// ---- Lanes.

Lane& Dispatcher::lane_for(const HeldEvent& event, const Now& now) {
    const LaneKey key{.subscription = event.subscription, .is_test = is_test(event)};
    if (const auto found = lanes_.find(key); found != lanes_.end()) return *found->second;
    Lane& lane = *lanes_.emplace(key, std::make_unique<Lane>(key)).first->second;
    try {
        bring_up_to_date(lane, now);
    } catch (...) {
        // Every lane has its place among the turns.
        turns_.remove(lane);
        lanes_.erase(key);
        throw;
    }
    return lane;
}

std::shared_ptr<const Endpoint> Dispatcher::bring_up_to_date(Lane& lane, const Now& now) {
    std::shared_ptr<const Endpoint> endpoint = lookup_(lane.key.subscription);
    const std::string host = host_of(endpoint.get());
    // A deleted subscription keeps its owner, for the requests in flight.
    const std::string owner = endpoint ? endpoint->owner : lane.owner ? lane.owner->name : "";
    if (!lane.host || lane.host->name != host || lane.owner->name != owner) {
        turns_.place(lane, host, owner);
    }
    const Revision version = endpoint ? endpoint->revision : 0;
    if (lane.version != version) begin_version(lane, endpoint.get());
    if (endpoint && !lane.key.is_test) hear(lane, endpoint->paused_until, now);
    return endpoint;
}

void Dispatcher::begin_version(Lane& lane, const Endpoint* endpoint) {
    lane.version = endpoint ? endpoint->revision : 0;
    lane.health = {.has_succeeded = lane.health.has_succeeded};
    lane.paused_until.reset();
    lane.asked_until.reset();
    lane.heard_until.reset();
    lane.failing_since.reset();
    lane.failures = 0;
    lane.rate_limit = 0;
    if (!endpoint || lane.key.is_test) return;
    lane.rate_limit = endpoint->rate_limit;
    lane.failing_since = endpoint->failing_since;
    if (!endpoint->failing_since) return;
    // How and how often it failed is not stored: until it succeeds, it is treated as failing.
    lane.health.last_was_silent = true;
    lane.failures = options_.breaker_failures;
}

void Dispatcher::hear(Lane& lane, std::optional<Time> paused_until, const Now& now) {
    const std::optional<Time> heard = std::exchange(lane.heard_until, paused_until);
    if (heard == paused_until) return;
    if (paused_until) {
        lane.asked_until = std::max(lane.asked_until, paused_until);
        // Of one that is known already, a request that is in flight may be the probe.
        if (paused_until <= lane.paused_until) return;
        lane.paused_until = paused_until;
        if (*paused_until > now.time) {
            pause(lane.health, *paused_until - now.time, now.steady);
        }
    } else if (heard == lane.paused_until) {
        // Another worker had success; one event at a time finds out what is so here.
        lane.paused_until.reset();
        lane.asked_until.reset();
        resume(lane.health, now.steady);
    }
}

void Dispatcher::refresh(const Now& now) {
    for (auto place = lanes_.begin(); place != lanes_.end();) {
        Lane& lane = *place->second;
        const std::shared_ptr<const Endpoint> endpoint = bring_up_to_date(lane, now);
        const bool is_gone = endpoint == nullptr;
        cancel_queue(lane, endpoint.get(), now);
        if (is_gone && lane.queue.empty() && lane.in_flight == 0 && lane.deferred == 0) {
            turns_.remove(lane);
            place = lanes_.erase(place);
        } else {
            defer_if_blocked_for_long(lane, now);
            settle(lane, now);
            ++place;
        }
    }
}

/// An event that will not be sent does not wait for a slot.
void Dispatcher::cancel_queue(Lane& lane, const Endpoint* endpoint, const Now& now) {
    while (!lane.queue.empty()) {
        const char* reason = reason_to_cancel(lane.queue.front().event, endpoint);
        if (!reason) return;
        end(pop(lane), Outcome::cancelled, reason, now);
    }
}

void Dispatcher::settle(Lane& lane, const Now& now) {
    request_refill(lane, now);
    turns_.settle(lane, now.steady);
}

/// Half of the memory is open to every subscription; each takes at most half of what is free there.
/// In addition, each proven one is guaranteed an equal share of a quarter, which the queues of
/// failing or unproven endpoints cannot use. The last quarter is for events on
/// their way from storage to their queues.
std::size_t Dispatcher::room_of(const Lane& lane) const {
    const std::size_t all = options_.max_events_in_memory;
    const std::size_t left = room_for_all();
    std::size_t limit = left - left / 2;
    const Share share = lane.health.share();
    if (share == Share::proven || share == Share::shaky) {
        limit = std::max(limit, std::clamp<std::size_t>(all / 4 / lanes_.size(), 1, 100));
    }
    return lane.queue.size() < limit ? limit - lane.queue.size() : 0;
}

std::size_t Dispatcher::room_for_all() const {
    if (waiting_bytes_ > options_.max_payload_bytes_in_memory / 2) return 0;
    const std::size_t usable = std::max<std::size_t>(options_.max_events_in_memory / 2, 1);
    const std::size_t taken = waiting_ + wanted_;
    return taken < usable ? usable - taken : 0;
}

void Dispatcher::request_refill(Lane& lane, const Now& now) {
    if (lane.deferred == 0 || lane.wanted > 0 || lane.health.is_blocked(now.steady)) {
        return lane.starved_hook.leave();
    }
    std::size_t count = room_of(lane);
    if (count == 0 && lane.queue.empty()) {
        if (!lane.starved_hook.is_in_ring()) lane.starved_hook.enter(starved_);
        return;
    }
    lane.starved_hook.leave();
    // With this many in its queue it asks again as they leave.
    if (count < lane.queue.size()) return;
    if (lane.health.is_open) {
        if (lane.in_flight > 0 || !lane.queue.empty()) return;
        count = 1;  // The probe.
    }
    lane.wanted = std::min(count, lane.deferred);
    wanted_ += lane.wanted;
    lane.deferred_since_request = 0;
    results_.refill_requests.push_back(
        {.subscription = lane.key.subscription, .count = lane.wanted});
}

void Dispatcher::refill_starved(const Now& now) {
    while (!starved_.empty() && room_for_all() > 0) {
        settle(*starved_.front(), now);
    }
}

// ---- Events entering and leaving memory.

void Dispatcher::add(HeldEvent event, const Now& now) {
    Lane& lane = lane_for(event, now);
    const bool asked_for = is_reopened(event);
    // Of many resent events one goes first; the others queue as usual.
    const bool goes_first =
        asked_for && (lane.queue.empty() || !is_reopened(lane.queue.front().event));
    if (asked_for) resume(lane.health, now.steady);
    if (goes_first) {
        push(lane, std::move(event), now);
        lane.queue.splice(lane.queue.begin(), lane.queue, std::prev(lane.queue.end()));
    } else if (!lane.key.is_test && room_of(lane) == 0) {
        defer(lane, event, now);
        release(event);
    } else {
        push(lane, std::move(event), now);
        defer_if_blocked_for_long(lane, now);
    }
    settle(lane, now);
}

void Dispatcher::refill(const RefillRequest& request, std::vector<HeldEvent> events,
                        const Now& now) {
    const auto found = lanes_.find({.subscription = request.subscription});
    if (found != lanes_.end()) {
        Lane& lane = *found->second;
        wanted_ -= std::exchange(lane.wanted, 0);
        // Fewer than requested: the other deferred events no longer exist.
        lane.deferred = events.size() < request.count ? lane.deferred_since_request
                                                      : lane.deferred - events.size();
    }
    for (HeldEvent& event : events) {
        Lane& lane = lane_for(event, now);
        push(lane, std::move(event), now);
    }
    if (found == lanes_.end()) return;
    defer_if_blocked_for_long(*found->second, now);
    settle(*found->second, now);
}

void Dispatcher::push(Lane& lane, HeldEvent event, const Now& now) {
    ++waiting_;
    waiting_bytes_ += payload_bytes(event);
    lane.queue.push_back({.event = std::move(event), .since = now.steady});
}

HeldEvent Dispatcher::take(Lane& lane, std::list<Lane::Entry>::iterator place) {
    HeldEvent event = std::move(place->event);
    lane.queue.erase(place);
    --waiting_;
    waiting_bytes_ -= payload_bytes(event);
    return event;
}

void Dispatcher::defer(Lane& lane, const HeldEvent& event, const Now& now) {
    results_.parks.push_back({.event = event.id,
                              .subscription = event.subscription,
                              .due = now.at(std::max(lane.health.blocked_until, now.steady)),
                              .attempts = event.attempts,
                              .tries = event.tries,
                              .place = Park::Place::deferred});
    ++lane.deferred;
    ++lane.deferred_since_request;
}

void Dispatcher::defer_if_blocked_for_long(Lane& lane, const Now& now) {
    if (lane.health.blocked_until <= now.steady + longest_wait_in_memory) return;
    while (!lane.queue.empty()) {
        const HeldEvent event = pop(lane);
        defer(lane, event, now);
        release(event);
    }
}

void Dispatcher::park(const HeldEvent& event, Time due) {
    results_.parks.push_back({.event = event.id,
                              .subscription = event.subscription,
                              .due = due,
                              .attempts = event.attempts,
                              .tries = event.tries});
    release(event);
}

void Dispatcher::end(const HeldEvent& event, Outcome outcome, const char* reason, const Now& now) {
    results_.attempts.push_back({.event = event.id,
                                 .subscription = event.subscription,
                                 .attempt = {.number = event.attempts + 1,
                                             .sent_at = now.time,
                                             .error_message = reason,
                                             .outcome = outcome},
                                 .tries = event.tries,
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
        const auto found = lanes_.find({.subscription = subscription, .is_test = is_test});
        if (found == lanes_.end()) continue;
        Lane& lane = *found->second;
        const auto entry = std::ranges::find(
            lane.queue, event, [](const Lane::Entry& waiting) { return waiting.event.id; });
        if (entry == lane.queue.end()) continue;
        end(take(lane, entry), Outcome::cancelled, "cancelled: the event was deleted", now);
        settle(lane, now);
    }
}

void Dispatcher::hold_old(const Now& now) {
    if (waiting_ == 0) return;
    const SteadyTime limit = now.steady - options_.park_after;
    for (const auto& [key, lane] : lanes_) {
        for (Lane::Entry& entry : lane->queue) {
            if (entry.since >= limit || entry.event.has_row) continue;
            entry.event.has_row = true;
            results_.parks.push_back({.event = entry.event.id,
                                      .subscription = entry.event.subscription,
                                      .due = now.time,
                                      .attempts = entry.event.attempts,
                                      .tries = entry.event.tries,
                                      .place = Park::Place::held});
        }
    }
}

void Dispatcher::clear(const Now& now) {
    flights_.clear();
    turns_.end_all();
    waiting_ = waiting_bytes_ = wanted_ = 0;
    results_ = {};
    for (const auto& [key, lane] : lanes_) {
        lane->queue.clear();
        lane->in_flight = lane->deferred = lane->wanted = 0;
        settle(*lane, now);
    }
}

// ---- Attempts.

std::optional<Dispatcher::Start> Dispatcher::next(const Now& now) {
    while (Lane* opened = turns_.take_opened(now.steady)) {
        settle(*opened, now);
    }
    refill_starved(now);
    while (Lane* turn = turns_.next()) {
        Lane& lane = *turn;
        const Host* host = lane.host;
        std::shared_ptr<const Endpoint> endpoint = bring_up_to_date(lane, now);
        const HeldEvent& first = lane.queue.front().event;
        if (lane.host != host || lane.opens_at() > now.steady) {
            // The subscription has changed: its next turn is with another host, or later.
            defer_if_blocked_for_long(lane, now);
        } else if (const char* reason = reason_to_cancel(first, endpoint.get())) {
            end(pop(lane), Outcome::cancelled, reason, now);
        } else if (is_expired(first, now.time)) {
            end(pop(lane), Outcome::expired, "expired: its expiresAt had passed", now);
        } else {
            const Transport::Token token = ++last_token_;
            Flight flight{.event = pop(lane),
                          .lane = lane.key,
                          .slot = turns_.begin(lane),
                          .endpoint = endpoint,
                          .sent_at = now.time,
                          .started = now.steady};
            lane.rate.take(lane.rate_limit, now.steady);
            settle(lane, now);
            Start start{.token = token,
                        .event = flight.event,
                        .endpoint = std::move(endpoint),
                        .sent_at = now.time};
            flights_.emplace(token, std::move(flight));
            return start;
        }
        settle(lane, now);
    }
    return {};
}

bool Dispatcher::finish(Transport::Token token, const TransportAnswer& answer, const Now& now,
                        double chance) {
    const auto found = flights_.find(token);
    if (found == flights_.end()) return false;
    const Flight flight = std::move(found->second);
    flights_.erase(found);
    Lane& lane = *lanes_.at(flight.lane);
    --lane.in_flight;
    if (answer.kind == TransportAnswer::Kind::not_sent) {
        park(flight.event, now.time + delay_after_local_error);
        lane.delayed_until = now.steady + delay_after_local_error;
    } else {
        turns_.note_answer(flight.slot, answer.kind == TransportAnswer::Kind::answered);
        record(flight, answer, now, chance);
        // A result for an earlier version of the subscription says nothing about this one.
        if (!lane.key.is_test && lane.version == flight.endpoint->revision) {
            note(lane, flight, answer, now);
        }
    }
    turns_.end(flight.slot);
    settle(lane, now);
    return true;
}

void Dispatcher::record(const Flight& flight, const TransportAnswer& answer, const Now& now,
                        double chance) {
    const HeldEvent& event = flight.event;
    const int number = event.attempts + 1;
    const int tries = event.tries + 1;
    const Verdict verdict = decide(answer, policy_for(flight), tries, now.time, chance);
    const auto duration = duration_cast<microseconds>(now.steady - flight.started);
    results_.attempts.push_back(
        {.event = event.id,
         .subscription = event.subscription,
         .attempt = describe(answer, number, flight.sent_at, duration, verdict.outcome),
         .due = verdict.due,
         .tries = tries,
         .has_row = event.has_row});
    results_.contexts.push_back({.message = event.message,
                                 .endpoint = flight.endpoint,
                                 .reason = reason_of(answer),
                                 .created_at = event.created_at,
                                 .due = event.due});
    release(event);
}

void Dispatcher::note(Lane& lane, const Flight& flight, const TransportAnswer& answer,
                      const Now& now) {
    const bool was_failing = lane.failing_since.has_value();
    const SteadyTime was_blocked_until = lane.health.blocked_until;
    const std::optional<Time> was_asked_until = lane.asked_until;
    const bool is_success = meaning_of(answer) == Meaning::success;
    if (is_success) {
        note_success(lane.health, flight.started);
        lane.failing_since.reset();
        lane.failures = 0;
        report_success(lane);
    } else {
        note_failed(lane, flight, answer, now);
    }
    if (was_failing == lane.failing_since.has_value() &&
        was_blocked_until == lane.health.blocked_until) {
        return;
    }
    EndpointState state{.subscription = lane.key.subscription,
                        .judged_at = lane.version,
                        .failing_since = lane.failing_since,
                        .is_asked_for = was_asked_until != lane.asked_until};
    if (lane.health.is_blocked(now.steady)) {
        state.paused_until = lane.paused_until =
            std::max(lane.paused_until, std::optional(now.at(lane.health.blocked_until)));
    } else if (is_success) {
        state.ended_pause = std::exchange(lane.paused_until, std::nullopt);
        state.is_asked_for = false;
        lane.asked_until.reset();
    }
    results_.states.push_back(state);
}

void Dispatcher::note_failed(Lane& lane, const Flight& flight, const TransportAnswer& answer,
                             const Now& now) {
    report_failure(lane, answer, now);
    const Meaning meaning = meaning_of(answer);
    Failure failure{.started = flight.started,
                    .is_silent = answer.kind == TransportAnswer::Kind::failed};
    if (meaning == Meaning::slow_down) {
        failure.wanted_pause = wanted_pause(answer, policy_for(flight), now.time);
    }
    note_failure(lane.health, breaker_, failure, now.steady);
    if (failure.wanted_pause && failure.wanted_pause->count() > 0) {
        lane.asked_until =
            std::max(lane.asked_until, std::optional(now.time + *failure.wanted_pause));
    }
    // A requested probe ends the pause only if it succeeds.
    if (lane.asked_until && *lane.asked_until > now.time) {
        pause(lane.health, *lane.asked_until - now.time, now.steady);
    }
    if (!lane.failing_since) lane.failing_since = flight.sent_at;
    ++lane.failures;
    deactivate_if_due(lane, flight, meaning, now);
    defer_if_blocked_for_long(lane, now);
}

void Dispatcher::deactivate_if_due(Lane& lane, const Flight& flight, Meaning meaning,
                                   const Now& now) {
    Deactivation deactivation{.subscription = lane.key.subscription,
                              .judged_at = flight.endpoint->revision};
    if (meaning != Meaning::gone) {
        if (options_.deactivate_after == std::chrono::seconds(0)) return;
        if (now.time - *lane.failing_since < options_.deactivate_after) return;
        // Two failures that are days apart prove little.
        if (lane.failures < options_.breaker_failures) return;
        deactivation.failing_since = lane.failing_since;
        // If another worker has had a success since then, storage is not asked again at every
        // failure.
        lane.failing_since = flight.sent_at;
    }
    results_.deactivations.push_back(deactivation);
}

void Dispatcher::report_failure(Lane& lane, const TransportAnswer& answer, const Now& now) {
    if (lane.is_reported_as_failing || now.steady < lane.next_report) return;
    lane.is_reported_as_failing = true;
    lane.next_report = now.steady + report_interval;
    HealthChange change{.subscription = lane.key.subscription,
                        .is_failing = true,
                        .error = error_of(answer),
                        .reason = reason_of(answer)};
    if (change.reason == FailureReason::status) change.status_code = answer.status_code;
    results_.health_changes.push_back(std::move(change));
}

void Dispatcher::report_success(Lane& lane) {
    if (!std::exchange(lane.is_reported_as_failing, false)) return;
    results_.health_changes.push_back(
        {.subscription = lane.key.subscription, .is_failing = false, .error = {}});
}

RetryPolicy Dispatcher::policy_for(const Flight& flight) const {
    return {.schedule = options_.retry_schedule,
            .jitter = options_.retry_jitter,
            .max_retry_count = flight.lane.is_test ? 0 : flight.endpoint->max_retry_count,
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

std::string webhook_id(const HeldEvent& event) {
    char text[48];
    const int length = std::snprintf(text, sizeof text, "%016llx_%lld",
                                     static_cast<unsigned long long>(event.worker_tag),
                                     static_cast<long long>(event.id.value));
    return {text, static_cast<std::size_t>(length)};
}

}  // namespace webhooks::delivery
