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

/// An attempt as an observer sees it.
struct AttemptReport {
    EventId event{};
    SubscriptionId subscription{};
    int number = 0;
    Outcome outcome = Outcome::retry;
    std::optional<int> status_code = {};
    std::chrono::microseconds duration{};
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
/// `on_log` is dropped. What it is told holds no secret, payload, header value or query string.
class Observer {
public:
    virtual ~Observer() = default;

    virtual void on_log(LogLevel, std::string_view /*line*/) {}
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
