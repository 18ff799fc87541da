#include "worker_process.hpp"

#include <poll.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <system_error>
#include <utility>

namespace webhooks::testing {

WorkerProcess::WorkerProcess(const std::string& program, std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), program);
    std::vector<char*> pointers;
    pointers.reserve(arguments.size() + 1);
    for (std::string& argument : arguments) {
        pointers.push_back(argument.data());
    }
    pointers.push_back(nullptr);
    if (const int error =
            ::posix_spawn(&id_, pointers.front(), nullptr, nullptr, pointers.data(), environ);
        error != 0) {
        throw std::system_error(error, std::generic_category(), "cannot start the worker");
    }
}

WorkerProcess::~WorkerProcess() {
    if (id_ < 0) return;
    ::kill(id_, SIGKILL);
    ::waitpid(id_, nullptr, 0);
}

void WorkerProcess::kill_after(std::chrono::milliseconds life) const {
    const long descriptor = ::syscall(SYS_pidfd_open, id_, 0);  // Debian 12 has none for C++.
    pollfd ended{.fd = static_cast<int>(descriptor), .events = POLLIN, .revents = 0};
    ::poll(&ended, 1, static_cast<int>(life.count()));
    ::close(ended.fd);
    ::kill(id_, SIGKILL);
}

int WorkerProcess::wait() {
    int status = 0;
    const pid_t id = std::exchange(id_, -1);
    while (::waitpid(id, &status, 0) < 0) {
        if (errno != EINTR) throw std::system_error(errno, std::generic_category(), "waitpid");
    }
    return status;
}

}  // namespace webhooks::testing
