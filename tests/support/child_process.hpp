#pragma once

/// @file
/// Child processes. They end with the thread that starts them, however that ends.

#include <sys/types.h>

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace webhooks::testing {

/// The user that a child runs as.
struct ProcessUser {
    uid_t user = 0;
    gid_t group = 0;
};

struct Ended {
    int status = 0;  ///< As of waitpid.
    std::string output;
    std::chrono::duration<double> cpu{};
};

/// Runs the function in a child process, whose output is what the function returns. A child that
/// takes longer than `limit` is killed. An exception becomes the output, with a non-zero status.
Ended run_in_child(const std::function<std::string()>&, std::chrono::seconds limit);

/// Runs a program and waits for it, up to five minutes.
/// @param user if it is not this process's.
Ended run_program(const std::vector<std::string>& command,
                  const std::optional<ProcessUser>& user = {});

/// Starts a program, whose output is appended to a file. It gets a SIGQUIT when this thread ends.
pid_t launch(const std::vector<std::string>& command, const std::string& log,
             const std::optional<ProcessUser>& user = {});

}  // namespace webhooks::testing
