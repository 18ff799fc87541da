#include <webhooks/observer.hpp>

namespace webhooks {

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
    switch (event) {
        case LogEvent::notice:
            break;
        case LogEvent::attempt_failed:
            return "attempt_failed";
        case LogEvent::attempts_delayed:
            return "attempts_delayed";
        case LogEvent::endpoint_failing:
            return "endpoint_failing";
        case LogEvent::endpoint_recovered:
            return "endpoint_recovered";
        case LogEvent::subscription_deactivated:
            return "subscription_deactivated";
        case LogEvent::storage_unavailable:
            return "storage_unavailable";
        case LogEvent::lease_lost:
            return "lease_lost";
        case LogEvent::results_fenced:
            return "results_fenced";
        case LogEvent::events_taken_over:
            return "events_taken_over";
        case LogEvent::service_not_driven:
            return "service_not_driven";
        case LogEvent::service_failed:
            return "service_failed";
        case LogEvent::transport_failed:
            return "transport_failed";
        case LogEvent::callback_failed:
            return "callback_failed";
        case LogEvent::request_failed:
            return "request_failed";
        case LogEvent::connection_failed:
            return "connection_failed";
        case LogEvent::certificate_reloaded:
            return "certificate_reloaded";
        case LogEvent::certificate_unusable:
            return "certificate_unusable";
        case LogEvent::jwks_reloaded:
            return "jwks_reloaded";
        case LogEvent::jwks_unusable:
            return "jwks_unusable";
        case LogEvent::insecure_setting:
            return "insecure_setting";
    }
    return "notice";
}

}  // namespace webhooks
