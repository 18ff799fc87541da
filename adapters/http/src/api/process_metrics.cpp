#include <dirent.h>
#include <sys/resource.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>

#include "metrics.hpp"

namespace webhooks::http {
namespace {

std::string read_file(const char* path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
}

/// Fields of /proc/self/stat by their number in proc(5), starting with the third: the second is the
/// program's name, which may contain spaces.
class ProcessState {
public:
    ProcessState() {
        const std::string text = read_file("/proc/self/stat");
        const std::size_t end_of_name = text.rfind(')');
        if (end_of_name == std::string::npos) return;
        const char* place = text.data() + end_of_name + 1;
        const char* const end = text.data() + text.size();
        for (std::size_t number = 3; number < fields_.size() && place < end; ++number) {
            while (place < end && *place == ' ')
                ++place;
            const char* const begin = place;
            while (place < end && *place != ' ')
                ++place;
            std::from_chars(begin, place, fields_[number]);
        }
    }

    double operator[](std::size_t number) const { return static_cast<double>(fields_[number]); }

private:
    std::array<unsigned long long, 25> fields_{};
};

/// Seconds since 1970.
double boot_time() {
    const std::string text = read_file("/proc/stat");
    const std::size_t at = text.find("\nbtime ");
    long long seconds = 0;
    if (at != std::string::npos) {
        std::from_chars(text.data() + at + 7, text.data() + text.size(), seconds);
    }
    return static_cast<double>(seconds);
}

/// The number of open descriptors, except the one used for counting.
double open_descriptors() {
    DIR* const directory = opendir("/proc/self/fd");
    if (!directory) return 0;
    int count = 0;
    while (const dirent* entry = readdir(directory)) {
        if (entry->d_name[0] != '.') ++count;
    }
    closedir(directory);
    return count - 1;
}

double max_descriptors() {
    rlimit limit{};
    getrlimit(RLIMIT_NOFILE, &limit);
    return static_cast<double>(limit.rlim_cur);
}

MetricFamily one(std::string name, std::string help, MetricType type, double value) {
    return {.name = std::move(name),
            .help = std::move(help),
            .type = type,
            .samples = {{.value = value}}};
}

}  // namespace

std::vector<MetricFamily> process_metrics() {
    const ProcessState state;
    const double ticks = static_cast<double>(sysconf(_SC_CLK_TCK));
    const double page = static_cast<double>(sysconf(_SC_PAGESIZE));
    constexpr MetricType gauge = MetricType::gauge;
    return {
        one("process_cpu_seconds", "Time on a CPU, of user and system.", MetricType::counter,
            (state[14] + state[15]) / ticks),
        one("process_threads", "Threads.", gauge, state[20]),
        one("process_start_time_seconds", "When the process began, since 1970.", gauge,
            boot_time() + state[22] / ticks),
        one("process_virtual_memory_bytes", "Virtual memory.", gauge, state[23]),
        one("process_resident_memory_bytes", "Resident memory.", gauge, state[24] * page),
        one("process_open_fds", "Open file descriptors.", gauge, open_descriptors()),
        one("process_max_fds", "How many file descriptors may be open.", gauge, max_descriptors())};
}

}  // namespace webhooks::http
