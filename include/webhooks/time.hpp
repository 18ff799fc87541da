#pragma once

/// @file
/// The two notions of time: a moment that is written down, and a moment that deadlines use.

#include <chrono>
#include <optional>
#include <string_view>
#include <webhooks/export.hpp>

namespace WEBHOOKS_EXPORT webhooks {

/// A moment in UTC with the precision that storage keeps (microseconds since 1970).
using Time = std::chrono::sys_time<std::chrono::microseconds>;

/// A moment on a clock that never jumps; means nothing outside this process.
using SteadyTime = std::chrono::steady_clock::time_point;

/// Reads a time as RFC 3339 writes it, e.g. `2026-01-31T09:05:00.250Z`; what is finer than a
/// microsecond is cut off. Seconds may be left out, and a day alone is its beginning in UTC.
/// @return nothing for any other text.
std::optional<Time> parse_time(std::string_view text);

}  // namespace webhooks
