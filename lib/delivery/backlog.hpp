#pragma once

#include <algorithm>
#include <cstddef>
#include <utility>

namespace webhooks::delivery {

/// The events of a queue that wait in storage, reserved for this worker. They are read back by
/// requests, one at a time.
class Backlog {
public:
    /// An event has left memory for storage.
    void add() noexcept {
        ++size_;
        ++added_since_request_;
    }

    /// Requests up to `count` events. @pre nothing is requested. @return how many
    std::size_t request(std::size_t count) noexcept {
        requested_ = std::min(count, size_);
        added_since_request_ = 0;
        return requested_;
    }

    /// Storage has returned `found` events for a request of `count`, which may be less than was
    /// requested here. Fewer than `count`: what was there before the request no longer exists.
    /// @return how many had been requested
    std::size_t receive(std::size_t found, std::size_t count) noexcept {
        size_ = found < count ? added_since_request_ : size_ - found;
        return std::exchange(requested_, 0);
    }

    void clear() noexcept { *this = {}; }

    std::size_t size() const noexcept { return size_; }
    bool is_requested() const noexcept { return requested_ > 0; }
    /// Whether there is more than what is being read back.
    bool has_more() const noexcept { return size_ > requested_; }

private:
    std::size_t size_ = 0;
    std::size_t requested_ = 0;  ///< Of these, and not read yet.
    std::size_t added_since_request_ = 0;
};

}  // namespace webhooks::delivery
