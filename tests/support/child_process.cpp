#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <exception>
#include <support/child_process.hpp>
#include <system_error>

namespace webhooks::testing {
namespace {

using Seconds = std::chrono::duration<double>;

std::system_error failure(const std::string& what) {
    return {errno, std::generic_category(), what};
}

Seconds seconds_of(const timeval& time) {
    return Seconds(static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6);
}

/// Ends the child, after writing the reason to its output.
[[noreturn]] void give_up(int output, const char* what) {
    ::dprintf(output, "%s: %s\n", what, std::strerror(errno));
    ::_exit(127);
}

void become(const ProcessUser& user, int output) {
    // The current folder may be one that the user is not allowed to enter.
    if (::chdir("/") != 0) give_up(output, "chdir /");
    if (::setgroups(0, nullptr) != 0 || ::setgid(user.group) != 0 || ::setuid(user.user) != 0) {
        give_up(output, "becoming another user");
    }
}

[[noreturn]] void execute(const std::vector<std::string>& command, int output) {
    std::vector<char*> arguments;
    arguments.reserve(command.size() + 1);
    for (const std::string& argument : command) {
        arguments.push_back(const_cast<char*>(argument.c_str()));
    }
    arguments.push_back(nullptr);
    ::dup2(output, STDOUT_FILENO);
    ::dup2(output, STDERR_FILENO);
    ::execvp(arguments.front(), arguments.data());
    give_up(STDERR_FILENO, arguments.front());
}

/// Forks, and calls `body` in the child.
/// @param signal what the child gets when this thread ends.
pid_t fork_child(int signal, const std::optional<ProcessUser>& user, int output,
                 const std::function<void()>& body) {
    const pid_t parent = ::getpid();
    const pid_t child = ::fork();
    if (child < 0) throw failure("fork");
    if (child != 0) return child;
    // First: a change of the user resets the signal.
    if (user) become(*user, output);
    ::prctl(PR_SET_PDEATHSIG, signal);
    if (::getppid() == parent) body();
    ::_exit(127);
}

/// Reads what the child writes until it ends or the time has run out.
/// @return whether it was in time.
bool read_all(int input, std::chrono::seconds limit, std::string& output) {
    const auto deadline = std::chrono::steady_clock::now() + limit;
    char buffer[4096];
    while (true) {
        const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
            deadline - std::chrono::steady_clock::now());
        pollfd readable{.fd = input, .events = POLLIN, .revents = 0};
        if (left.count() <= 0 || ::poll(&readable, 1, static_cast<int>(left.count())) <= 0) {
            return false;
        }
        const ssize_t size = ::read(input, buffer, sizeof buffer);
        if (size <= 0) return true;
        output.append(buffer, static_cast<std::size_t>(size));
    }
}

/// Runs `body` in a child with the writing end of a pipe, and reads what it writes.
Ended collect(const std::function<void(int)>& body, const std::optional<ProcessUser>& user,
              std::chrono::seconds limit) {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) throw failure("pipe");
    const pid_t child = fork_child(SIGKILL, user, ends[1], [&] {
        ::close(ends[0]);
        body(ends[1]);
    });
    ::close(ends[1]);
    Ended ended;
    if (!read_all(ends[0], limit, ended.output)) {
        ::kill(child, SIGKILL);
        ended.output += "took too long";
    }
    ::close(ends[0]);
    rusage usage{};
    ::wait4(child, &ended.status, 0, &usage);
    ended.cpu = seconds_of(usage.ru_utime) + seconds_of(usage.ru_stime);
    return ended;
}

void write_all(int output, const std::string& text) {
    for (std::size_t sent = 0; sent < text.size();) {
        const ssize_t size = ::write(output, text.data() + sent, text.size() - sent);
        if (size <= 0) return;
        sent += static_cast<std::size_t>(size);
    }
}

}  // namespace

Ended run_in_child(const std::function<std::string()>& body, std::chrono::seconds limit) {
    return collect(
        [&body](int output) {
            int status = 0;
            try {
                write_all(output, body());
            } catch (const std::exception& error) {
                write_all(output, error.what());
                status = 1;
            }
            ::_exit(status);
        },
        {}, limit);
}

Ended run_program(const std::vector<std::string>& command, const std::optional<ProcessUser>& user) {
    return collect([&](int output) { execute(command, output); }, user, std::chrono::minutes(5));
}

pid_t launch(const std::vector<std::string>& command, const std::string& log,
             const std::optional<ProcessUser>& user) {
    // Opened before the child changes its user, so that all of its errors are logged.
    const int output = ::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (output < 0) throw failure("open " + log);
    const pid_t child = fork_child(SIGQUIT, user, output, [&] { execute(command, output); });
    ::close(output);
    return child;
}

}  // namespace webhooks::testing
