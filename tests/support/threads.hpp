#pragma once

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>

namespace webhooks::testing {

/// A thread as shown by the kernel.
struct Thread {
    std::string name;
    std::uint64_t blocked_signals = 0;
};

/// By id.
inline std::map<std::string, Thread> threads_of_this_process() {
    std::map<std::string, Thread> threads;
    for (const auto& task : std::filesystem::directory_iterator("/proc/self/task")) {
        std::ifstream status(task.path() / "status");
        Thread& thread = threads[task.path().filename()];
        for (std::string line; std::getline(status, line);) {
            const std::string value = line.substr(std::min(line.find('\t') + 1, line.size()));
            if (line.starts_with("Name:")) thread.name = value;
            if (line.starts_with("SigBlk:")) thread.blocked_signals = std::stoull(value, {}, 16);
        }
    }
    return threads;
}

inline bool blocks(const Thread& thread, int signal) {
    return (thread.blocked_signals >> (signal - 1) & 1) != 0;
}

}  // namespace webhooks::testing
