#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>
#include <webhooks/event.hpp>
#include <webhooks/export.hpp>
#include <webhooks/ids.hpp>
#include <webhooks/operational.hpp>
#include <webhooks/subscription.hpp>

namespace WEBHOOKS_EXPORT webhooks {

enum class LogLevel : std::uint8_t { debug, info, warning, error };
/// The enumerator's name.
std::string_view to_string(LogLevel) noexcept;

/// What a log record is about. The names are stable: a name keeps its meaning in later versions,
/// which may add others. docs/operating.md says what an operator does about each.
enum class LogEvent : std::uint8_t {
    notice,                    ///< Anything without an event of its own.
    attempt_failed,            ///< An attempt failed. The service reports it by `on_attempt`.
    attempts_delayed,          ///< This machine is short of a resource, or secrets are unreadable.
    endpoint_failing,          ///< An endpoint began to fail.
    endpoint_recovered,        ///< It succeeds again.
    subscription_deactivated,  ///< The service deactivated a subscription.
    operational_event,         ///< An operational event: docs/operational-events.md.
    storage_unavailable,       ///< A call to storage failed.
    lease_lost,                ///< Another worker took over the events of this one.
    results_fenced,            ///< Results of attempts were dropped for that reason.
    events_taken_over,         ///< This worker took over the events of another one.
    service_not_driven,        ///< Something is published, but nothing delivers it.
    service_failed,            ///< A thread of the service failed and continues.
    transport_failed,          ///< The Transport threw an exception.
    callback_failed,           ///< A completion, or a part that the host provides, threw.
    request_failed,            ///< The REST API responded with a 5xx status.
    connection_failed,         ///< A connection to the REST API failed.
    certificate_reloaded,      ///< The certificate of the REST API was reloaded.
    certificate_unusable,      ///< It could not be; the previous one stays in use.
    jwks_reloaded,             ///< The keys that verify tokens were read again.
    jwks_unusable,             ///< They could not be; the previous ones stay in use.
    insecure_setting,          ///< A setting puts secrets at risk.
    filters_unjudged,          ///< A user's filters took too long: docs/payload-filters.md#limits.
};
/// The enumerator's name.
std::string_view to_string(LogEvent) noexcept;

/// A log line with its parts. Its texts are valid during the call.
struct LogRecord {
    LogLevel level = LogLevel::info;
    LogEvent event = LogEvent::notice;
    std::string_view message = {};  ///< The whole line: it includes what the members below say.
    std::optional<WorkerId> worker = {};
    std::optional<SubscriptionId> subscription = {};
    std::string_view request_id = {};  ///< Of a request to the REST API.
    std::optional<int> status_code = {};
    FailureReason reason = FailureReason::none;
};

/// An attempt as reported to an observer. Its texts are valid during the call.
struct AttemptReport {
    EventId event{};
    SubscriptionId subscription{};
    int number = 0;
    Outcome outcome = Outcome::retry;
    std::optional<int> status_code = {};
    std::chrono::microseconds duration{};
    FailureReason reason = FailureReason::none;
    std::string_view error = {};       ///< Human-readable; empty after a success. Holds no secret.
    std::string_view event_type = {};  ///< As published.
    std::string_view origin = {};  ///< Scheme, host and port of the URL; empty if there was none.
    /// From the event's creation until the attempt began.
    std::chrono::microseconds age{};
    /// From when the attempt was due until it began.
    std::chrono::microseconds delay{};
    /// As published; null if there was none.
    const TraceContext* trace = nullptr;
    /// What was sent to the endpoint instead (`ServiceOptions::trace_to_endpoints`): the parent id
    /// of its `traceparent`; 0 if nothing was.
    std::uint64_t span_id = 0;
};

/// Receives reports of what the service does. Called from the service's threads, several at once,
/// or inside the member function that does the work (`run_once`, `publish`, `stop`). A call must
/// return quickly, because deliveries or commits wait for it. It may call the service, except for
/// the member functions that would wait for its own thread: these return `invalid_state`. An
/// exception is caught and logged; one from `on_log` or `on_record` is dropped. Reports contain no
/// secret, payload, header value or query string.
class Observer {
public:
    virtual ~Observer() = default;

    virtual void on_log(LogLevel, std::string_view /*line*/) {}
    /// A log line with its parts. The default implementation passes its text to `on_log`.
    virtual void on_record(const LogRecord& record) { on_log(record.level, record.message); }
    /// Events became durable.
    virtual void on_published(std::size_t /*events*/) {}
    /// An attempt has ended and is about to be recorded.
    virtual void on_attempt(const AttemptReport&) {}
    /// The service itself deactivated a subscription; its owner may want to know. Called once this
    /// is durable.
    virtual void on_deactivated(SubscriptionId, DeactivationReason) {}
    /// What subscribers to operational events receive; also if there are none. Called once it is
    /// durable, by the worker or inside the call that caused it. A crash in between loses the call.
    virtual void on_operational(const OperationalEvent&) {}
    /// Another worker has taken over this worker's events. This many results are dropped, and their
    /// events are resent.
    virtual void on_fenced(std::size_t /*results*/) {}
};

}  // namespace webhooks
