#pragma once

/// @file
/// Processes: their CPU time and memory, and running code in a child process.

#include <sys/types.h>
#include <chrono>
#include <functional>
#include <string>
#include <vector>

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

struct Ended {
    int status = 0;  ///< As of waitpid.
    std::string output;
    std::chrono::duration<double> cpu{};
};

/// Runs the function in a child process, whose output is what the function returns. A child that
/// takes longer than `limit` is killed. An exception becomes the output, with a non-zero status.
Ended run_in_child(const std::function<std::string()>&, std::chrono::seconds limit);

/// Runs a program and waits for it. @param as_user another user to run as; 0: the current one.
Ended run_program(const std::vector<std::string>& command, uid_t as_user = 0, gid_t as_group = 0);

/// Starts a program that ends with this process and writes its output to a file.
pid_t launch(const std::vector<std::string>& command, const std::string& log, uid_t as_user,
             gid_t as_group);

bool is_program(const std::string& name);

}  // namespace bench
