#pragma once

/// @file
/// What processes use: CPU time and memory.

#include <sys/types.h>
#include <chrono>
#include <string>

namespace bench {

/// CPU time of a process, including its children that have ended.
std::chrono::duration<double> cpu_of(pid_t);
/// As above, and including its running children.
std::chrono::duration<double> cpu_of_family(pid_t);
/// CPU time of this process without its children.
std::chrono::duration<double> own_cpu();

/// This process's current and peak memory use.
double resident_megabytes();
double peak_megabytes();
/// Resets the peak.
void reset_peak();

/// Whether a program is on the PATH.
bool is_program(const std::string& name);

}  // namespace bench
