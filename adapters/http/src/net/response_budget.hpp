#pragma once

#include <atomic>
#include <cstddef>
#include <utility>

namespace webhooks::http {

/// Counts the bytes of responses that wait to be written, of all connections together.
class ResponseBudget {
public:
    explicit ResponseBudget(std::size_t max_bytes) : max_bytes_(max_bytes) {}

    /// @return false if there is no room; then nothing is reserved.
    bool take(std::size_t bytes) noexcept {
        if (bytes > max_bytes_) return false;
        if (used_.fetch_add(bytes) <= max_bytes_ - bytes) return true;
        release(bytes);
        return false;
    }
    void release(std::size_t bytes) noexcept { used_.fetch_sub(bytes); }

private:
    const std::size_t max_bytes_;
    std::atomic<std::size_t> used_{0};
};

}  // namespace webhooks::http
