#include <webhooks/event.hpp>
#include <webhooks/subscription.hpp>

namespace webhooks {

std::string_view to_string(FailureReason reason) noexcept {
    switch (reason) {
        case FailureReason::none:
            return "none";
        case FailureReason::lookup:
            return "lookup";
        case FailureReason::address:
            return "address";
        case FailureReason::connect:
            return "connect";
        case FailureReason::tls:
            return "tls";
        case FailureReason::timeout:
            return "timeout";
        case FailureReason::reset:
            return "reset";
        case FailureReason::malformed:
            return "malformed";
        case FailureReason::status:
            return "status";
        case FailureReason::other:
            break;
    }
    return "other";
}

std::string_view to_string(DeactivationReason reason) noexcept {
    switch (reason) {
        case DeactivationReason::gone:
            return "gone";
        case DeactivationReason::failing:
            return "failing";
        case DeactivationReason::user:
            break;
    }
    return "user";
}

std::string_view to_string(Delivery delivery) noexcept {
    return delivery == Delivery::pull ? "pull" : "push";
}

}  // namespace webhooks
