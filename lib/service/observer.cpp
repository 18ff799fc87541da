#include <array>
#include <cstddef>
#include <webhooks/observer.hpp>

namespace webhooks {
namespace {

/// In the order of `LogEvent`.
constexpr std::array<std::string_view, 23> event_names = {
    "notice",
    "attempt_failed",
    "attempts_delayed",
    "endpoint_failing",
    "endpoint_recovered",
    "subscription_deactivated",
    "operational_event",
    "storage_unavailable",
    "lease_lost",
    "results_fenced",
    "events_taken_over",
    "service_not_driven",
    "service_failed",
    "transport_failed",
    "callback_failed",
    "request_failed",
    "connection_failed",
    "certificate_reloaded",
    "certificate_unusable",
    "jwks_reloaded",
    "jwks_unusable",
    "insecure_setting",
    "filters_unjudged",
};
static_assert(event_names.size() == static_cast<std::size_t>(LogEvent::filters_unjudged) + 1);

}  // namespace

std::string_view to_string(LogLevel level) noexcept {
    switch (level) {
        case LogLevel::debug:
            return "debug";
        case LogLevel::info:
            return "info";
        case LogLevel::warning:
            return "warning";
        case LogLevel::error:
            break;
    }
    return "error";
}

std::string_view to_string(LogEvent event) noexcept {
    const auto index = static_cast<std::size_t>(event);
    return index < event_names.size() ? event_names[index] : event_names.front();
}

}  // namespace webhooks
