#pragma once

#include <sys/types.h>

#include <chrono>
#include <string>
#include <vector>

namespace webhooks::testing {

/// A run of a worker program. The destructor ends it.
class WorkerProcess {
public:
    WorkerProcess(const std::string& program, std::vector<std::string> arguments);
    ~WorkerProcess();
    WorkerProcess(const WorkerProcess&) = delete;
    WorkerProcess& operator=(const WorkerProcess&) = delete;

    pid_t id() const noexcept { return id_; }
    /// Lets it run for this long, or until it ends by itself, and ends it.
    void kill_after(std::chrono::milliseconds life) const;
    /// Waits for its end. @return the status from waitpid
    int wait();

private:
    pid_t id_ = -1;
};

}  // namespace webhooks::testing
