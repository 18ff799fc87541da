#pragma once

/// @file
/// The two notions of time: a moment that is written down, and a moment that deadlines use.

#include <chrono>

namespace webhooks {

/// A moment in UTC with the precision that storage keeps (microseconds since 1970).
using Time = std::chrono::sys_time<std::chrono::microseconds>;

/// A moment on a clock that never jumps; means nothing outside this process.
using SteadyTime = std::chrono::steady_clock::time_point;

}  // namespace webhooks
