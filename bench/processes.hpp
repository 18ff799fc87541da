#pragma once

/// @file
/// Processes: their CPU time and memory, and running things in one of their own.

#include <sys/types.h>
#include <chrono>
#include <functional>
#include <string>
#include <vector>

namespace bench {

/// CPU time of a process, its children that have ended included.
std::chrono::duration<double> cpu_of(pid_t);
/// The same of a process and of its children that run.
std::chrono::duration<double> cpu_of_family(pid_t);
/// CPU time of this process without its children.
std::chrono::duration<double> own_cpu();

/// Memory of this process that is in use now, and at most so far.
double resident_megabytes();
double peak_megabytes();
/// Makes the peak begin anew.
void reset_peak();

struct Ended {
    int status = 0;  ///< As of waitpid.
    std::string output;
    std::chrono::duration<double> cpu{};
};

/// Runs the function in a child process, whose output is what the function returns. A child that
/// takes longer than `limit` is killed. What is thrown is the output, with a status that is not 0.
Ended run_in_child(const std::function<std::string()>&, std::chrono::seconds limit);

/// Runs a program and waits for it. @param as_user other user to run as; 0: ours.
Ended run_program(const std::vector<std::string>& command, uid_t as_user = 0, gid_t as_group = 0);

/// Starts a program that ends with this process, its output going to a file.
pid_t launch(const std::vector<std::string>& command, const std::string& log, uid_t as_user,
             gid_t as_group);

bool is_program(const std::string& name);

}  // namespace bench
