#pragma once

#include <atomic>
#include <cstddef>
#include <memory>

namespace webhooks::transport {

/// How many connections may be idle at once in all pools that share it. Any thread.
class IdleLimit {
public:
    struct Leave {
        void operator()(IdleLimit* limit) const noexcept { --limit->used_; }
    };
    /// Of one connection, until it is destroyed.
    using Place = std::unique_ptr<IdleLimit, Leave>;

    explicit IdleLimit(std::size_t max) noexcept : max_(max) {}

    /// @return null if there is none.
    Place take() noexcept {
        if (used_++ < max_) return Place(this);
        --used_;
        return nullptr;
    }

private:
    const std::size_t max_;
    std::atomic<std::size_t> used_{0};
};

}  // namespace webhooks::transport
