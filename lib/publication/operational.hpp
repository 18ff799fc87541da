#pragma once

#include <string_view>
#include <webhooks/operational.hpp>

namespace webhooks {

/// Whether a type, or all types that a pattern matches, are about workers: only administrators see
/// them, and only subscriptions with an operator's scope receive them.
constexpr bool is_for_operators(std::string_view pattern) {
    return pattern.starts_with("webhook.worker.");
}

}  // namespace webhooks
