#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

namespace webhooks::http {

/// Threads for requests that block for long. Users take turns, each with one request at a time, so
/// that no user's requests hold all of the threads unless they are alone.
class QueryPool {
public:
    QueryPool() = default;
    ~QueryPool() { stop(); }

    QueryPool(const QueryPool&) = delete;
    QueryPool& operator=(const QueryPool&) = delete;

    /// Throws std::system_error where a thread cannot be had; those that were begun run on.
    void start(std::size_t threads);
    /// Waits for what runs, and drops what waits.
    void stop();
    /// Has it run after what the user posted before. Any thread. What it throws is dropped.
    void post(const std::string& user, std::function<void()> request);

private:
    void run();

    std::mutex mutex_;
    std::condition_variable changed_;
    bool is_stopped_ = false;
    /// What waits, of each user that has a turn or a request that runs.
    std::unordered_map<std::string, std::deque<std::function<void()>>> waiting_;
    std::deque<std::string> turns_;
    std::vector<std::thread> threads_;
};

}  // namespace webhooks::http
