#include "query_pool.hpp"

#include <utility>

#include "../process.hpp"

namespace webhooks::http {

void QueryPool::start(std::size_t threads, const void* owner) {
    while (threads_.size() < threads)
        threads_.push_back(start_server_thread(owner, [this] { run(); }));
}

void QueryPool::stop() {
    {
        const std::lock_guard lock(mutex_);
        is_stopped_ = true;
    }
    changed_.notify_all();
    for (std::thread& thread : threads_)
        thread.join();
    threads_.clear();
    // Connections may post meanwhile. What is dropped is destroyed without the lock.
    decltype(waiting_) dropped;
    const std::lock_guard lock(mutex_);
    dropped.swap(waiting_);
    turns_.clear();
}

void QueryPool::post(const std::string& user, std::function<void()> request) {
    {
        const std::lock_guard lock(mutex_);
        if (is_stopped_) return;
        const auto [place, is_new] = waiting_.try_emplace(user);
        place->second.push_back(std::move(request));
        if (!is_new) return;
        turns_.push_back(user);
    }
    changed_.notify_one();
}

void QueryPool::run() {
    std::unique_lock lock(mutex_);
    for (;;) {
        changed_.wait(lock, [this] { return is_stopped_ || !turns_.empty(); });
        if (is_stopped_) return;
        const std::string user = std::move(turns_.front());
        turns_.pop_front();
        auto& requests = waiting_.at(user);
        std::function<void()> request = std::move(requests.front());
        requests.pop_front();
        lock.unlock();
        try {
            request();
        } catch (...) {
            // As when memory is used up: only this request's own client goes without a response.
        }
        request = nullptr;
        lock.lock();
        if (waiting_.at(user).empty()) {
            waiting_.erase(user);
        } else {
            turns_.push_back(user);
            changed_.notify_one();
        }
    }
}

}  // namespace webhooks::http
