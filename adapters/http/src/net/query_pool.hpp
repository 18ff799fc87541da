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
/// that one user's requests cannot occupy all threads while others wait.
class QueryPool {
public:
    QueryPool() = default;
    ~QueryPool() { stop(); }

    QueryPool(const QueryPool&) = delete;
    QueryPool& operator=(const QueryPool&) = delete;

    /// Throws std::system_error if a thread cannot be created; threads already started keep
    /// running.
    /// @param owner as for `start_server_thread`.
    void start(std::size_t threads, const void* owner);
    /// Waits for running requests, and drops waiting and later ones.
    void stop();
    /// Runs it after the user's earlier requests. Any thread. Exceptions from it are dropped.
    void post(const std::string& user, std::function<void()> request);

private:
    void run();

    std::mutex mutex_;
    std::condition_variable changed_;
    bool is_stopped_ = false;
    /// The waiting requests of each user that has a turn or a running request.
    std::unordered_map<std::string, std::deque<std::function<void()>>> waiting_;
    std::deque<std::string> turns_;
    std::vector<std::thread> threads_;
};

}  // namespace webhooks::http
