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

/// Told what the service does. Called from the service's threads, several at once; a call must
/// return quickly, must not throw and must not call the service. What it is told holds no secret,
/// payload, header value or query string.
class Observer {
public:
    virtual ~Observer() = default;

    virtual void on_log(LogLevel, std::string_view /*line*/) noexcept {}
    /// Events became durable.
    virtual void on_published(std::size_t /*events*/) noexcept {}
    /// An attempt ended and is about to be recorded.
    virtual void on_attempt(const AttemptReport&) noexcept {}
    /// A subscription was deactivated; its owner may want to know. Told once it is durable.
    virtual void on_deactivated(SubscriptionId, DeactivationReason) noexcept {}
    /// Another worker took over what this one held; so many results of it are dropped, and the
    /// events are sent again.
    virtual void on_fenced(std::size_t /*results*/) noexcept {}
};

}  // namespace webhooks
