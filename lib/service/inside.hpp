#pragma once

#include <utility>

namespace webhooks::service {

/// While it exists, marks this thread as doing the work of a service: a callback of the host that
/// it runs must not wait for that work.
class Inside {
public:
    explicit Inside(const void* service) noexcept
        : service_(service), outer_(std::exchange(innermost, this)) {}
    ~Inside() { innermost = outer_; }

    Inside(const Inside&) = delete;
    Inside& operator=(const Inside&) = delete;

    /// Whether this thread is inside the work of that service. A callback of one service may run
    /// another service.
    static bool of(const void* service) noexcept {
        for (const Inside* each = innermost; each != nullptr; each = each->outer_) {
            if (each->service_ == service) return true;
        }
        return false;
    }

private:
    inline static thread_local const Inside* innermost = nullptr;

    const void* const service_;
    const Inside* const outer_;
};

}  // namespace webhooks::service
