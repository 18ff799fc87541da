#pragma once

#include <atomic>
#include <memory>
#include <service/storage_clock.hpp>
#include <service/storage_health.hpp>
#include <webhooks/storage/delivery_log.hpp>

namespace webhooks::service {

/// Replaces errors that concern only storage and service.
Error for_callers(const Error&);

/// What a running service is in storage: a registered worker, whose lease its heartbeats renew, and
/// that takes over what expired workers left.
class WorkerIdentity {
public:
    WorkerIdentity(std::shared_ptr<DeliveryLog> storage, std::chrono::milliseconds lease,
                   StorageClock& clock, StorageHealth& health);

    /// Registers a new worker. No attempt starts until a heartbeat has confirmed it.
    Result<> register_worker();
    /// Renews the lease, and notes storage's time.
    Result<Heartbeat> heartbeat();
    /// Gives everything back to storage. That another worker has already taken over is a success.
    Result<> retire();

    WorkerId id() const noexcept { return worker_.id; }
    const Worker& worker() const noexcept { return worker_; }

    /// Whether this worker still holds its lease, by its steady clock. Any thread.
    bool holds_lease() const;
    void end_lease() noexcept { lease_until_ = SteadyTime::min().time_since_epoch().count(); }

    /// Marks workers whose lease has expired, if this one may judge that: if storage was
    /// unavailable to all, the others get as long to come back as this one.
    Result<> mark_expired();
    /// Takes over some of what expired workers left.
    /// @return the number of events; `is_taking_over` tells whether there may be more.
    Result<std::size_t> take_over();
    bool is_taking_over() const noexcept { return is_taking_over_; }

private:
    const std::shared_ptr<DeliveryLog> storage_;
    const std::chrono::milliseconds lease_;
    StorageClock& clock_;
    StorageHealth& health_;
    Worker worker_;
    std::atomic<SteadyTime::rep> lease_until_{0};
    /// Since when this worker has held its lease without interruption.
    SteadyTime unbroken_since_{};
    bool is_taking_over_ = false;
};

}  // namespace webhooks::service
