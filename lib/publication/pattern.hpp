#pragma once

#include <string_view>
#include <webhooks/operational.hpp>

namespace webhooks {

/// Whether a subscription's pattern (a type, `*`, or a prefix ending in `.*`) matches a type. `*`
/// matches no operational type.
inline bool pattern_matches(std::string_view pattern, std::string_view event_type) {
    if (pattern == event_type) return true;
    if (pattern == "*") return !event_type.starts_with(operational_prefix);
    if (!pattern.ends_with(".*")) return false;
    return event_type.starts_with(pattern.substr(0, pattern.size() - 1));
}

}  // namespace webhooks
