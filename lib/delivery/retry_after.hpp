#pragma once

#include <chrono>
#include <optional>
#include <string_view>
#include <webhooks/time.hpp>

namespace webhooks::delivery {

/// How long a `Retry-After` asks to wait from `now` on: seconds (a fraction is rounded up), or a
/// date in any of the three forms of RFC 9110, section 5.6.7; never below 0. For a list, the
/// longest counts. nullopt for anything else.
std::optional<std::chrono::seconds> parse_retry_after(std::string_view value, Time now);

}  // namespace webhooks::delivery
