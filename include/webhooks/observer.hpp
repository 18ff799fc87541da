#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>
#include <webhooks/event.hpp>
#include <webhooks/export.hpp>
#include <webhooks/ids.hpp>

namespace WEBHOOKS_EXPORT webhooks {

enum class LogLevel : std::uint8_t { debug, info, warning, error };
/// The enumerator's name.
std::string_view to_string(LogLevel) noexcept;

/// What a log record tells of. The names are a promise: one that is there keeps its meaning, but
/// others may be added. docs/operating.md says what each asks of an operator.
enum class LogEvent : std::uint8_t {
    notice,                    ///< Anything that has no event of its own.
    attempt_failed,            ///< An attempt failed. A service leaves this to `on_attempt`.
    attempts_delayed,          ///< This process or machine is short of something.
    endpoint_failing,          ///< An endpoint began to fail.
    endpoint_recovered,        ///< It answers again.
    subscription_deactivated,  ///< The service deactivated a subscription.
    storage_unavailable,       ///< A call to storage failed.
    lease_lost,                ///< Another worker took over what this one held.
    results_fenced,            ///< What came of attempts was dropped for that.
    events_taken_over,         ///< This worker took over what another one held.
    service_not_driven,        ///< Something is published, and nothing delivers it.
    service_failed,            ///< A thread of the service failed, and goes on.
    transport_failed,          ///< The Transport threw an exception.
    callback_failed,           ///< A completion or a part of the host's threw an exception.
    request_failed,            ///< A request to the REST API was answered with a 5xx.
    connection_failed,         ///< A connection to the REST API failed.
    certificate_reloaded,      ///< The REST API's certificate was read again.
    certificate_unusable,      ///< It could not be; the one before stays.
    insecure_setting,          ///< Something is set in a way that puts secrets at risk.
};
/// The enumerator's name.
std::string_view to_string(LogEvent) noexcept;

/// A log line with its parts. What it holds lives as long as the call that it is given to.
struct LogRecord {
    LogLevel level = LogLevel::info;
    LogEvent event = LogEvent::notice;
    std::string_view message = {};  ///< A whole line: it says all that the members below say.
    std::optional<WorkerId> worker = {};
    std::optional<SubscriptionId> subscription = {};
    std::string_view request_id = {};  ///< Of a request to the REST API.
    std::optional<int> status_code = {};
    FailureReason reason = FailureReason::none;
};

/// An attempt as an observer sees it. Its texts live as long as the call that it is given to.
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
};

/// Why a subscription was deactivated by the service itself.
enum class DeactivationReason : std::uint8_t {
    gone,     ///< Its endpoint answered 410.
    failing,  ///< Its endpoint has only failed for `ServiceOptions::deactivate_after`.
};

/// Told what the service does. Called from the service's threads, several at once, or inside the
/// member that does the work (`run_once`, `publish`, `stop`); a call must return quickly, for
/// deliveries or commits wait for it. It may call the service, but for the members that would wait
/// for its own thread: they answer `invalid_state`. An exception is caught and logged; one of
/// `on_log` or `on_record` is dropped. What it is told holds no secret, payload, header value or
/// query string.
class Observer {
public:
    virtual ~Observer() = default;

    virtual void on_log(LogLevel, std::string_view /*line*/) {}
    /// A log line with its parts. One that keeps this body gets the line as `on_log`.
    virtual void on_record(const LogRecord& record) { on_log(record.level, record.message); }
    /// Events became durable.
    virtual void on_published(std::size_t /*events*/) {}
    /// An attempt ended and is about to be recorded.
    virtual void on_attempt(const AttemptReport&) {}
    /// A subscription was deactivated; its owner may want to know. Told once it is durable.
    virtual void on_deactivated(SubscriptionId, DeactivationReason) {}
    /// Another worker took over what this one held; so many results of it are dropped, and the
    /// events are sent again.
    virtual void on_fenced(std::size_t /*results*/) {}
};

}  // namespace webhooks
