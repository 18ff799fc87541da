#include <cstdio>
#include <delivery/dispatcher.hpp>

namespace webhooks::delivery {
namespace {

using std::chrono::duration_cast;
using std::chrono::microseconds;

/// A fault of ours delays an attempt by this much; it costs no try.
constexpr std::chrono::seconds delay_after_own_fault{1};

bool is_test(const HeldEvent& event) {
    return event.message->event_type == test_event_type;
}

/// Short, for the endpoint may have room again; not nothing, so that others are claimed first.
constexpr std::chrono::milliseconds pause_when_parked{250};

/// Where events wait whose endpoint is gone or not allowed: their turn is at once, to be recorded.
std::string host_of(const Endpoint* endpoint) {
    return endpoint && endpoint->target ? endpoint->target->url.origin() : std::string();
}

Park park(const HeldEvent& event, Time due) {
    return {.event = event.id,
            .subscription = event.subscription,
            .due = due,
            .attempts = event.attempts,
            .tries = event.tries};
}

/// An event ends without a request.
Dispatcher::Ended cancelled(const HeldEvent& event, const char* reason, Time now) {
    Attempt row{.number = event.attempts + 1,
                .sent_at = now,
                .error_message = std::string("cancelled: ") + reason,
                .outcome = Outcome::cancelled};
    return {.subscription = event.subscription,
            .record = {.event = event.id,
                       .subscription = event.subscription,
                       .attempt = std::move(row),
                       .tries = event.tries,
                       .has_row = event.has_row}};
}

/// @return null where the event is to be attempted.
const char* reason_to_cancel(const HeldEvent& event, const Endpoint* endpoint) {
    if (!endpoint) return "the subscription was deleted";
    if (!endpoint->is_active && !is_test(event)) return "the subscription is not active";
    return nullptr;
}

}  // namespace

void Dispatcher::add(HeldEvent event, SteadyTime now) {
    const std::shared_ptr<const Endpoint> endpoint = lookup_(event.subscription);
    queue_.push(host_of(endpoint.get()), std::move(event), now);
}

std::optional<Dispatcher::Ended> Dispatcher::cancel(SubscriptionId subscription, EventId event,
                                                    Time now) {
    const std::optional<HeldEvent> waiting = queue_.take(subscription, event);
    if (!waiting) return std::nullopt;
    return cancelled(*waiting, "the event was deleted", now);
}

Dispatcher::Next Dispatcher::next(Time now, SteadyTime steady_now) {
    while (in_flight() < options_.max_in_flight) {
        std::optional<FairQueue::Turn> turn = queue_.next();
        if (!turn) break;
        std::shared_ptr<const Endpoint> endpoint = lookup_(turn->event.subscription);
        if (const char* reason = reason_to_cancel(turn->event, endpoint.get())) {
            queue_.finished(turn->host);
            return cancelled(turn->event, reason, now);
        }
        // The URL changed while the event waited: it takes its turn at the new host.
        if (const std::string host = host_of(endpoint.get()); host != turn->host) {
            queue_.finished(turn->host);
            queue_.push(host, std::move(turn->event), steady_now);
            continue;
        }
        const Transport::Token token = ++last_token_;
        Start start{.token = token, .event = turn->event, .endpoint = endpoint, .sent_at = now};
        flights_.emplace(token, Flight{.event = std::move(turn->event),
                                       .host = std::move(turn->host),
                                       .endpoint = std::move(endpoint),
                                       .sent_at = now,
                                       .started = steady_now});
        return start;
    }
    return {};
}

RetryPolicy Dispatcher::policy_for(const Flight& flight) const {
    return {.schedule = options_.retry_schedule,
            .jitter = options_.retry_jitter,
            .max_retry_count = is_test(flight.event) ? 0 : flight.endpoint->max_retry_count};
}

Dispatcher::Finished Dispatcher::finish(Transport::Token token, const TransportAnswer& answer,
                                        Time now, SteadyTime steady_now, double chance) {
    const auto found = flights_.find(token);
    if (found == flights_.end()) return {};
    const Flight flight = std::move(found->second);
    flights_.erase(found);
    queue_.finished(flight.host);
    if (answer.kind == TransportAnswer::Kind::not_sent) {
        return park(flight.event, now + delay_after_own_fault);
    }
    const int number = flight.event.attempts + 1;
    const Verdict verdict = decide(answer, policy_for(flight), number, now, chance);
    const auto duration = duration_cast<microseconds>(steady_now - flight.started);
    AttemptRecord record{
        .event = flight.event.id,
        .subscription = flight.event.subscription,
        .attempt = describe(answer, number, flight.sent_at, duration, verdict.outcome),
        .due = verdict.due,
        .tries = flight.event.tries + 1,
        .has_row = flight.event.has_row};
    return Ended{.subscription = flight.event.subscription, .record = std::move(record)};
}

std::vector<Park> Dispatcher::park_old(Time now, SteadyTime steady_now) {
    std::vector<Park> parks;
    for (const HeldEvent& event : queue_.take_older_than(steady_now - options_.park_after)) {
        parks.push_back(park(event, now + pause_when_parked));
    }
    return parks;
}

void Dispatcher::clear() {
    queue_.clear();
    flights_.clear();
}

std::string webhook_id(const HeldEvent& event) {
    char text[48];
    const int length = std::snprintf(text, sizeof text, "%016llx_%lld",
                                     static_cast<unsigned long long>(event.worker_tag),
                                     static_cast<long long>(event.id.value));
    return {text, static_cast<std::size_t>(length)};
}

}  // namespace webhooks::delivery
