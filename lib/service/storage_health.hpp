#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <string_view>
#include <webhooks/clock.hpp>
#include <webhooks/error.hpp>
#include <webhooks/ids.hpp>
#include <webhooks/observer.hpp>

namespace webhooks::service {

/// Whether storage responds, and when it may be called again after a failure.
class StorageHealth {
public:
    StorageHealth(std::shared_ptr<Clock> clock, std::shared_ptr<Observer> observer)
        : clock_(std::move(clock)), observer_(std::move(observer)) {}

    /// Records how a call went. After a failure storage is not called for a while; after `fenced`
    /// this worker has to register again, at once. @return whether it succeeded.
    bool note_storage_result(const Result<>& result, std::string_view call);
    template <class T>
    bool note_storage_result(const Result<T>& result, std::string_view call) {
        return note_storage_result(result ? Result<>() : result.error(), call);
    }
    /// Storage is not called for a while. Allocates nothing.
    void block();
    /// The message for callers whose work is rejected meanwhile, with storage's own reason if it is
    /// known. Allocates nothing.
    const char* rejection() const noexcept;
    bool is_blocked() const { return clock_->steady_now() < blocked_until_; }
    SteadyTime blocked_until() const noexcept { return blocked_until_; }

    bool has_lost_identity() const noexcept { return has_lost_identity_; }
    /// Log lines are about this worker from now on.
    void set_identity(WorkerId worker) noexcept;

    /// Whether storage responded the last time it was called. Any thread.
    bool is_healthy() const noexcept { return is_healthy_; }
    void log(LogLevel level, std::string_view line, LogEvent event) const;

private:
    const std::shared_ptr<Clock> clock_;
    const std::shared_ptr<Observer> observer_;
    std::atomic<bool> is_healthy_{true};
    SteadyTime blocked_until_{};
    std::string rejection_;  ///< Empty: without a known reason.
    bool has_lost_identity_ = false;
    WorkerId worker_{};
};

}  // namespace webhooks::service
