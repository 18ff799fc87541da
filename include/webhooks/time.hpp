#pragma once

/// @file
/// The two kinds of time: timestamps that are stored, and times on the steady clock for deadlines.

#include <chrono>
#include <optional>
#include <string_view>
#include <webhooks/export.hpp>

namespace WEBHOOKS_EXPORT webhooks {

/// A moment in UTC with the precision of storage (microseconds since 1970).
using Time = std::chrono::sys_time<std::chrono::microseconds>;

/// A moment on a clock that never jumps; has no meaning outside this process.
using SteadyTime = std::chrono::steady_clock::time_point;

/// Parses an RFC 3339 time, e.g. `2026-01-31T09:05:00.250Z`; digits beyond microseconds are cut
/// off. The seconds are optional, and a date without a time is the start of that day in UTC.
/// @return nullopt for any other text.
std::optional<Time> parse_time(std::string_view text);

}  // namespace webhooks
