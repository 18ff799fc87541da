#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <exception>
#include <fstream>
#include <iterator>
#include <processes.hpp>
#include <sstream>
#include <stdexcept>
#include <string_view>
#include <system_error>

namespace bench {
namespace {

using Seconds = std::chrono::duration<double>;

Seconds seconds_of(const timeval& time) {
    return Seconds(static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6);
}

/// The fields of /proc/PID/stat after the name, which may contain spaces: the first one is field 3
/// of proc(5).
std::vector<std::string> stat_fields(pid_t pid) {
    std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
    std::string line;
    std::getline(file, line);
    const auto end = line.rfind(')');
    if (end == std::string::npos) return {};
    std::istringstream rest(line.substr(end + 1));
    return {std::istream_iterator<std::string>(rest), {}};
}

double status_megabytes(std::string_view name) {
    std::ifstream file("/proc/self/status");
    for (std::string line; std::getline(file, line);) {
        if (line.starts_with(name)) return std::stod(line.substr(name.size())) / 1024;
    }
    return 0;
}

void become(uid_t user, gid_t group) {
    if (user == 0) return;
    if (::chdir("/") != 0 || ::setgroups(0, nullptr) != 0 || ::setgid(group) != 0 ||
        ::setuid(user) != 0) {
        ::_exit(127);
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
    ::_exit(127);
}

pid_t fork_bound() {
    const pid_t parent = ::getpid();
    const pid_t child = ::fork();
    if (child < 0) throw std::system_error(errno, std::generic_category(), "fork");
    if (child != 0) return child;
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent) ::_exit(127);
    return 0;
}

/// Forks; the child runs `body` with the writing end, and the parent reads what it writes.
Ended collect(const std::function<void(int)>& body, std::chrono::seconds limit) {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) {
        throw std::system_error(errno, std::generic_category(), "pipe");
    }
    const pid_t child = fork_bound();
    if (child == 0) {
        ::close(ends[0]);
        body(ends[1]);
        ::_exit(0);
    }
    ::close(ends[1]);
    Ended ended;
    const auto deadline = std::chrono::steady_clock::now() + limit;
    char buffer[4096];
    while (true) {
        const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
            deadline - std::chrono::steady_clock::now());
        pollfd readable{.fd = ends[0], .events = POLLIN, .revents = 0};
        if (left.count() <= 0 || ::poll(&readable, 1, static_cast<int>(left.count())) <= 0) {
            ::kill(child, SIGKILL);
            ended.output += "took too long";
            break;
        }
        const ssize_t size = ::read(ends[0], buffer, sizeof buffer);
        if (size <= 0) break;
        ended.output.append(buffer, static_cast<std::size_t>(size));
    }
    ::close(ends[0]);
    rusage usage{};
    ::wait4(child, &ended.status, 0, &usage);
    ended.cpu = seconds_of(usage.ru_utime) + seconds_of(usage.ru_stime);
    return ended;
}

}  // namespace

Seconds cpu_of(pid_t pid) {
    static const auto ticks = static_cast<double>(::sysconf(_SC_CLK_TCK));
    const std::vector<std::string> fields = stat_fields(pid);
    if (fields.size() < 15) return {};
    double sum = 0;
    // utime, stime, cutime, cstime.
    for (std::size_t i = 11; i < 15; ++i)
        sum += std::stod(fields[i]);
    return Seconds(sum / ticks);
}

Seconds cpu_of_family(pid_t pid) {
    Seconds sum = cpu_of(pid);
    const std::string id = std::to_string(pid);
    std::ifstream children("/proc/" + id + "/task/" + id + "/children");
    for (pid_t child = 0; children >> child;)
        sum += cpu_of(child);
    return sum;
}

Seconds own_cpu() {
    rusage usage{};
    ::getrusage(RUSAGE_SELF, &usage);
    return seconds_of(usage.ru_utime) + seconds_of(usage.ru_stime);
}

double resident_megabytes() {
    return status_megabytes("VmRSS:");
}

double peak_megabytes() {
    return status_megabytes("VmHWM:");
}

void reset_peak() {
    std::ofstream("/proc/self/clear_refs") << "5";
}

Ended run_in_child(const std::function<std::string()>& body, std::chrono::seconds limit) {
    return collect(
        [&body](int output) {
            std::string text;
            int status = 0;
            try {
                text = body();
            } catch (const std::exception& error) {
                text = error.what();
                status = 1;
            }
            std::size_t sent = 0;
            while (sent < text.size()) {
                const ssize_t size = ::write(output, text.data() + sent, text.size() - sent);
                if (size <= 0) break;
                sent += static_cast<std::size_t>(size);
            }
            ::_exit(status);
        },
        limit);
}

Ended run_program(const std::vector<std::string>& command, uid_t as_user, gid_t as_group) {
    return collect(
        [&](int output) {
            become(as_user, as_group);
            execute(command, output);
        },
        std::chrono::minutes(5));
}

pid_t launch(const std::vector<std::string>& command, const std::string& log, uid_t as_user,
             gid_t as_group) {
    const pid_t parent = ::getpid();
    const pid_t child = ::fork();
    if (child != 0) return child;
    become(as_user, as_group);
    ::prctl(PR_SET_PDEATHSIG, SIGQUIT);
    const int output = ::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
    if (::getppid() != parent || output < 0) ::_exit(127);
    execute(command, output);
}

bool is_program(const std::string& name) {
    const char* path = std::getenv("PATH");
    std::istringstream folders(path != nullptr ? path : "");
    for (std::string folder; std::getline(folders, folder, ':');) {
        if (::access((folder + "/" + name).c_str(), X_OK) == 0) return true;
    }
    return false;
}

}  // namespace bench
