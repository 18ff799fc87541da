#pragma once

#include <string>

namespace webhooks::storage {

/// Columns that count the rows of webhooks_subscription by their state at `:now`, as `state_of`
/// tells it: inactive, failing, paused, active.
inline std::string subscription_counts() {
    const auto count = [](const char* condition) {
        return std::string("count(CASE WHEN ") + condition + " THEN 1 END)";
    };
    return count("is_active = 0") + ", " + count("is_active = 1 AND failing_since IS NOT NULL") +
           ", " + count("is_active = 1 AND failing_since IS NULL AND paused_until > :now") + ", " +
           count("is_active = 1 AND failing_since IS NULL AND coalesce(paused_until, 0) <= :now");
}

}  // namespace webhooks::storage
