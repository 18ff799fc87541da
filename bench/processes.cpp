#include <sys/resource.h>
#include <unistd.h>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <processes.hpp>
#include <sstream>
#include <string_view>
#include <vector>

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

bool is_program(const std::string& name) {
    const char* path = std::getenv("PATH");
    std::istringstream folders(path != nullptr ? path : "");
    for (std::string folder; std::getline(folders, folder, ':');) {
        if (::access((folder + "/" + name).c_str(), X_OK) == 0) return true;
    }
    return false;
}

}  // namespace bench
