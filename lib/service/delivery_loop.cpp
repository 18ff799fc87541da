#include <algorithm>
#include <base/thrown.hpp>
#include <publication/webhook_id.hpp>
#include <service/delivery_loop.hpp>
#include <service/result_queue.hpp>
#include <utility>

namespace webhooks::service {
namespace {

constexpr std::chrono::seconds periodic_interval{1};
constexpr std::chrono::seconds local_error_log_interval{1};
/// The maximum number of log lines about endpoints in each interval.
constexpr int max_health_lines = 10;
constexpr std::chrono::seconds health_log_interval{1};
/// How long delivery waits before it checks again, when storage is behind with results or has not
/// confirmed this worker's lease.
constexpr std::chrono::milliseconds pause_before_beginning{10};
/// How often a transport that cannot be woken is polled.
constexpr std::chrono::milliseconds poll_interval{100};
constexpr std::size_t max_results_in_turn = 1000;

}  // namespace

DeliveryLoop::DeliveryLoop(Parts parts, const ServiceOptions& options,
                           const SubscriptionIndex& index, Inbox& inbox, StorageLoop& storage_loop,
                           const delivery::MemoryBudget& budget)
    : parts_(std::move(parts)),
      inbox_(inbox),
      storage_loop_(storage_loop),
      index_(index),
      dispatcher_(options, budget, index),
      transport_signs_(parts_.transport->signs()),
      jitter_(parts_.random->next()) {
    if (options.trace_to_endpoints) spans_.emplace(parts_.random->next());
}

delivery::Now DeliveryLoop::now() const {
    const SteadyTime steady_now = parts_.clock->steady_now();
    return {.time = storage_loop_.time_at(steady_now), .steady = steady_now};
}

std::size_t DeliveryLoop::turn(bool may_wait) {
    has_failed_ = false;
    drain_inbox();
    run_periodic_checks();
    begin_attempts();
    // Decisions made without a request must not wait for one.
    const bool waits = may_wait && dispatcher_.results() == 0;
    drive_transport(waits ? transport_now() + idle_for() : SteadyTime::min());
    return hand_back();
}

/// A transport that throws may have lost answers: all attempts in flight end, and are repeated.
void DeliveryLoop::drive_transport(SteadyTime until) {
    try {
        parts_.transport->run(until, *this);
    } catch (...) {
        log_transport_failure("run");
        cancel_transport();
        for (const Transport::Token token : dispatcher_.tokens_in_flight()) {
            on_answer(token, {.kind = TransportAnswer::Kind::not_sent,
                              .error = "the transport threw an exception"});
        }
    }
    if (failure_) std::rethrow_exception(std::exchange(failure_, nullptr));
}

void DeliveryLoop::cancel_transport() {
    try {
        parts_.transport->cancel_all();
    } catch (...) {
        log_transport_failure("cancel_all");
    }
}

/// @pre called inside the handler of its exception.
void DeliveryLoop::log_transport_failure(const char* call) {
    has_failed_ = true;
    log(LogLevel::error, LogEvent::transport_failed,
        std::string("the Transport threw in ") + call + ": " + std::string(what_was_thrown()));
}

void DeliveryLoop::finish(std::chrono::milliseconds drain) {
    const SteadyTime deadline = transport_now() + drain;
    while (in_flight() > 0 && transport_now() < deadline) {
        drain_inbox();
        drive_transport(deadline);
        hand_back();
    }
}

void DeliveryLoop::return_ordered() {
    drain_inbox();
    dispatcher_.return_ordered(now());
    hand_back();
}

void DeliveryLoop::discard() {
    dispatcher_.clear(now());
}

void DeliveryLoop::abandon() {
    discard();
    cancel_transport();
    drive_transport(SteadyTime::min());
}

std::chrono::nanoseconds DeliveryLoop::idle_for() const {
    if (!may_begin()) return pause_before_beginning;
    const SteadyTime steady_now = parts_.clock->steady_now();
    std::chrono::nanoseconds idle =
        polls_ ? poll_interval : std::chrono::nanoseconds(std::chrono::hours(1));
    if (const auto timer = dispatcher_.next_wakeup()) idle = std::min(idle, *timer - steady_now);
    if (needs_periodic_checks()) {
        idle = std::min<std::chrono::nanoseconds>(idle, next_periodic_check_ - steady_now);
    }
    return idle;
}

bool DeliveryLoop::needs_periodic_checks() const {
    return dispatcher_.waiting() > 0 || refreshed_changes_ != index_.changes();
}

SteadyTime DeliveryLoop::next_wake() const {
    if (!inbox_.is_empty(epoch_) || dispatcher_.results() > 0) return SteadyTime::min();
    return std::min(next_wake_of_transport(), parts_.clock->steady_now() + idle_for());
}

/// By the transport's clock, which may differ from the service's.
SteadyTime DeliveryLoop::transport_now() const {
    try {
        return parts_.transport->steady_now();
    } catch (...) {
        return std::chrono::steady_clock::now();
    }
}

SteadyTime DeliveryLoop::next_wake_of_transport() const {
    SteadyTime wake = SteadyTime::min();
    try {
        wake = parts_.transport->next_wake();
    } catch (...) {
        // Check again soon.
        return parts_.clock->steady_now() + poll_interval;
    }
    if (wake == SteadyTime::max()) return wake;
    const SteadyTime now_there = transport_now();
    return wake <= now_there ? SteadyTime::min() : parts_.clock->steady_now() + (wake - now_there);
}

void DeliveryLoop::drain_inbox() {
    Inbox::Contents contents = inbox_.take();
    done_ += contents.size();
    const delivery::Now at = now();
    if (contents.epoch != epoch_) {
        epoch_ = contents.epoch;
        dispatcher_.clear(at);
    }
    for (HeldEvent& event : contents.events) {
        dispatcher_.add(std::move(event), at);
    }
    for (delivery::TurnNews& news : contents.turns) {
        dispatcher_.apply(std::move(news), at);
    }
    for (Inbox::Refill& refill : contents.refills) {
        dispatcher_.refill(refill.request, std::move(refill.events), at);
    }
    for (const Inbox::Cancellation& cancellation : contents.cancellations) {
        if (cancellation.shredded_user) {
            dispatcher_.cancel_shredded(*cancellation.shredded_user, cancellation.shredded_at, at);
        } else {
            dispatcher_.cancel(cancellation.subscription, cancellation.event, at);
        }
    }
}

bool DeliveryLoop::may_begin() const {
    return storage_loop_.holds_lease() && storage_loop_.has_room_for_results();
}

void DeliveryLoop::begin_attempts() {
    if (!may_begin()) return;
    const delivery::Now at = now();
    // Events that end without a request are written first if there are many, as when a subscription
    // with a long queue was deactivated.
    while (dispatcher_.results() < max_results_in_turn) {
        const auto start = dispatcher_.next(at);
        if (!start) return;
        begin(*start);
    }
}

void DeliveryLoop::begin(const delivery::Dispatcher::Start& start) {
    ++done_;
    if (!start.endpoint->target) {
        return fail_at_once(start.token, FailureReason::address,
                            start.endpoint->extras().target_error);
    }
    if (start.endpoint->is_unreadable) {
        return take_answer(start.token, {.kind = TransportAnswer::Kind::not_sent,
                                         .error = "the stored secrets of subscription " +
                                                  std::to_string(start.endpoint->id.value) +
                                                  " cannot be decrypted"});
    }
    if (start.event.message->state == PayloadState::locked) {
        return take_answer(start.token,
                           {.kind = TransportAnswer::Kind::not_sent,
                            .error = "the data key of the payload of event " +
                                     std::to_string(start.event.id.value) + " cannot be obtained"});
    }
    std::string id = to_string(WebhookId{start.event.worker_tag, start.event.id});
    std::string timestamp = std::to_string(
        std::chrono::floor<std::chrono::seconds>(start.sent_at).time_since_epoch().count());
    OutgoingRequest request{.target = start.endpoint->target,
                            .body = start.event.message->payload,
                            .content_type = start.event.message->content_type,
                            .webhook_id = std::move(id),
                            .webhook_timestamp = std::move(timestamp),
                            .webhook_signature = {},
                            .timeout = start.endpoint->timeout};
    if (const Result<> is_signed = sign(start, request); !is_signed) {
        return fail_at_once(start.token, FailureReason::other,
                            "the secret cannot sign: " + is_signed.error().detail());
    }
    // Who takes over an event with an ordering key waits for so long (deadline_of_ordered).
    if (!start.event.message->ordering_key.empty()) {
        request.max_timeout = deadline_of_ordered(start.endpoint->timeout);
    }
    add_trace(start, request);
    try {
        parts_.transport->start(start.token, std::move(request));
    } catch (...) {
        log_transport_failure("start");
        take_answer(start.token, {.kind = TransportAnswer::Kind::not_sent,
                                  .error = "the transport threw an exception"});
    }
}

void DeliveryLoop::add_trace(const delivery::Dispatcher::Start& start, OutgoingRequest& request) {
    const std::optional<TraceContext>& trace = start.event.message->trace;
    if (!trace || !spans_) return;
    const TraceContext sent = trace->child(spans_->of(start.event.id, start.event.attempts + 1));
    request.target = start.endpoint->traced_target();
    request.headers.push_back({.name = "traceparent", .value = sent.traceparent});
    if (!sent.tracestate.empty()) {
        request.headers.push_back({.name = "tracestate", .value = sent.tracestate});
    }
}

void DeliveryLoop::fail_at_once(Transport::Token token, FailureReason reason, std::string error) {
    take_answer(
        token,
        {.kind = TransportAnswer::Kind::failed, .error = std::move(error), .reason = reason});
}

Result<> DeliveryLoop::sign(const delivery::Dispatcher::Start& start, OutgoingRequest& request) {
    Result<std::shared_ptr<RequestSigner>> signer = signers_.find(start.endpoint, start.sent_at);
    if (!signer) return signer.error();
    if (transport_signs_) {
        request.signer = *std::move(signer);
        return {};
    }
    Result<std::string> signature = (*signer)->sign(request);
    if (!signature) return signature.error();
    request.webhook_signature = *std::move(signature);
    return {};
}

/// Exceptions here must not pass through the transport, because they are not its failure.
void DeliveryLoop::on_answer(Transport::Token token, TransportAnswer answer) {
    try {
        take_answer(token, answer);
        // What is handed back together is written together.
        if (dispatcher_.findings() >= ResultQueue::max_findings) done_ = hand_back();
    } catch (...) {
        failure_ = std::current_exception();
    }
}

void DeliveryLoop::take_answer(Transport::Token token, const TransportAnswer& answer) {
    const double random_unit = std::uniform_real_distribution<>()(jitter_);
    const bool is_ours = dispatcher_.finish(token, answer, now(), random_unit);
    if (is_ours && answer.kind == TransportAnswer::Kind::not_sent) log_local_error(answer.error);
}

/// If one attempt has this error, hundreds may have it.
void DeliveryLoop::log_local_error(const std::string& error) {
    const SteadyTime steady_now = parts_.clock->steady_now();
    if (steady_now < next_local_error_log_) return;
    next_local_error_log_ = steady_now + local_error_log_interval;
    log(LogLevel::warning, LogEvent::attempts_delayed, "attempts are delayed: " + error);
}

/// A network outage makes thousands of endpoints fail at the same time.
void DeliveryLoop::log_health_changes(const std::vector<delivery::HealthChange>& changes) {
    const SteadyTime steady_now = parts_.clock->steady_now();
    for (const delivery::HealthChange& change : changes) {
        if (steady_now - health_log_began_ >= health_log_interval) {
            health_log_began_ = steady_now;
            health_lines_ = 0;
        }
        if (++health_lines_ > max_health_lines + 1) return;
        if (health_lines_ > max_health_lines) {
            return log(
                LogLevel::warning, LogEvent::notice,
                "more than " + std::to_string(max_health_lines) +
                    " endpoints began to fail or recovered within a second: the others are not "
                    "logged");
        }
        const std::string endpoint =
            "the endpoint of subscription " + std::to_string(change.subscription.value);
        const std::string line =
            endpoint + (change.is_failing ? " began to fail: " + change.error : " recovered");
        parts_.observer->on_record(
            {.level = change.is_failing ? LogLevel::warning : LogLevel::info,
             .event = change.is_failing ? LogEvent::endpoint_failing : LogEvent::endpoint_recovered,
             .message = line,
             .subscription = change.subscription,
             .status_code = change.status_code,
             .reason = change.reason});
    }
}

void DeliveryLoop::run_periodic_checks() {
    const delivery::Now at = now();
    if (at.steady < next_periodic_check_) return;
    next_periodic_check_ = at.steady + periodic_interval;
    if (needs_periodic_checks()) ++done_;
    dispatcher_.persist_overdue(at);
    if (const std::uint64_t changes = index_.changes(); changes != refreshed_changes_) {
        refreshed_changes_ = changes;
        dispatcher_.refresh(at);
    }
}

void DeliveryLoop::report(const AttemptRecord& record, const delivery::AttemptContext& context) {
    const Attempt& attempt = record.attempt;
    AttemptReport report{.event = record.event,
                         .subscription = record.subscription,
                         .number = attempt.number,
                         .outcome = attempt.outcome,
                         .status_code = attempt.status_code,
                         .duration = attempt.duration,
                         .reason = context.reason,
                         .age = attempt.sent_at - context.created_at,
                         .delay = attempt.sent_at - context.due};
    if (attempt.error_message) report.error = *attempt.error_message;
    if (context.message) {
        report.event_type = context.message->event_type;
        if (context.message->state == PayloadState::corrupt)
            parts_.metrics->count_corrupt_payload();
    }
    if (context.endpoint) report.origin = context.endpoint->origin();
    if (context.message && context.message->trace) {
        report.trace = &*context.message->trace;
        if (spans_ && context.endpoint) report.span_id = spans_->of(record.event, attempt.number);
    }
    parts_.observer->on_attempt(report);
}

void DeliveryLoop::log(LogLevel level, LogEvent event, std::string_view line) {
    parts_.observer->on_record({.level = level, .event = event, .message = line});
}

std::size_t DeliveryLoop::hand_back() {
    delivery::Results results = dispatcher_.take_results();
    parts_.metrics->set_in_flight(dispatcher_.in_flight());
    const auto contexts = std::exchange(results.contexts, {});
    // The last attempt has no context if memory ran out in between.
    const std::size_t reported = std::min(results.batch.attempts.size(), contexts.size());
    for (std::size_t i = 0; i < reported; ++i) {
        report(results.batch.attempts[i], contexts[i]);
    }
    log_health_changes(std::exchange(results.health_changes, {}));
    const std::size_t done = std::exchange(done_, 0) + results.size();
    storage_loop_.record(epoch_, std::move(results));
    return done;
}

}  // namespace webhooks::service
