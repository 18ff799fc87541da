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

/// An attempt as reported to an observer.
struct AttemptReport {
    EventId event{};
    SubscriptionId subscription{};
    int number = 0;
    Outcome outcome = Outcome::retry;
    std::optional<int> status_code = {};
    std::chrono::microseconds duration{};
};

/// Why the service itself deactivated a subscription.
enum class DeactivationReason : std::uint8_t {
    gone,     ///< Its endpoint responded with 410.
    failing,  ///< Its endpoint has only failed for `ServiceOptions::deactivate_after`.
};

/// Receives reports of what the service does. Called from the service's threads, several at once,
/// or inside the member function that does the work (`run_once`, `publish`, `stop`). A call must
/// return quickly, because deliveries or commits wait for it. It may call the service, except for
/// the member functions that would wait for its own thread: these return `invalid_state`. An
/// exception is caught and logged; one from `on_log` is dropped. Reports contain no secret,
/// payload, header value or query string.
class Observer {
public:
    virtual ~Observer() = default;

    virtual void on_log(LogLevel, std::string_view /*line*/) {}
    /// Events became durable.
    virtual void on_published(std::size_t /*events*/) {}
    /// An attempt has ended and is about to be recorded.
    virtual void on_attempt(const AttemptReport&) {}
    /// A subscription was deactivated; its owner may want to know. Called once this is durable.
    virtual void on_deactivated(SubscriptionId, DeactivationReason) {}
    /// Another worker has taken over this worker's events. This many results are dropped, and their
    /// events are resent.
    virtual void on_fenced(std::size_t /*results*/) {}
};

}  // namespace webhooks
