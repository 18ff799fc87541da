#include <csignal>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <unit/service/fixture.hpp>

namespace webhooks::testing {
namespace {

/// As the kernel shows it.
struct Thread {
    std::string name;
    std::uint64_t blocked_signals = 0;
};

std::map<std::string, Thread> threads_of_this_process() {
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

bool blocks(const Thread& thread, int signal) {
    return (thread.blocked_signals >> (signal - 1) & 1) != 0;
}

}  // namespace

TEST_CASE_METHOD(ServiceFixture,
                 "a service's threads have names and take no signal of the host's") {
    const auto before = threads_of_this_process();
    REQUIRE(service().start());
    std::vector<std::string> names;
    for (const auto& [id, thread] : threads_of_this_process()) {
        if (before.contains(id)) continue;
        names.push_back(thread.name);
        CHECK(blocks(thread, SIGTERM));
        CHECK(blocks(thread, SIGUSR1));
        CHECK(blocks(thread, SIGCHLD));
    }
    std::sort(names.begin(), names.end());
    CHECK(names == std::vector<std::string>{"webhooks-send", "webhooks-store"});
    // The caller's own mask is as it was.
    sigset_t mask;
    pthread_sigmask(SIG_SETMASK, nullptr, &mask);
    CHECK(sigismember(&mask, SIGTERM) == 0);
}

}  // namespace webhooks::testing
