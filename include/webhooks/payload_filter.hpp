#pragma once

/// @file
/// Trying payload filters without publishing anything (docs/payload-filters.md).

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>
#include <webhooks/export.hpp>
#include <webhooks/ids.hpp>

namespace WEBHOOKS_EXPORT webhooks {

/// The maximum number of newest events that `WebhookService::test_filter` looks at.
inline constexpr std::size_t max_events_in_filter_test = 100;
/// The maximum size of `FilterCondition::value`.
inline constexpr std::size_t max_condition_value_bytes = 256;

/// What a filter is tried on.
struct FilterInput {
    std::string event_type = {};  ///< May be any text.
    std::string payload;          ///< JSON; in anything else, every path is absent.
};

/// A condition of a filter that is no combination of others.
struct FilterCondition {
    std::string text;           ///< As written.
    std::size_t character = 0;  ///< Where it begins in the filter, from 1.
    /// The JSON that it looked at, cut if it is long; absent if there was none.
    std::optional<std::string> value = {};
    /// Absent: unknown.
    std::optional<bool> result = {};
};

/// What a filter says of one event.
struct FilterReport {
    bool matches = false;
    std::vector<FilterCondition> conditions = {};  ///< In the order of the filter.
};

/// What a filter says of the newest events of a subscription.
struct FilterSample {
    std::size_t of = 0;  ///< Events that it was tried on.
    /// Those that it matches, newest first.
    std::vector<EventId> events = {};
};

/// Why a publication would reach a subscription, or would not.
enum class MatchReason : std::uint8_t {
    matched,
    inactive,  ///< The subscription is inactive.
    type,      ///< Its pattern does not match the type.
    filter,    ///< Its filter does not let the payload through.
};
/// The enumerator's name.
std::string_view to_string(MatchReason) noexcept;

struct SubscriptionMatch {
    SubscriptionId subscription{};
    MatchReason reason = MatchReason::matched;
};

}  // namespace webhooks
