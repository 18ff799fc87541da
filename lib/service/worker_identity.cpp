#include <service/worker_identity.hpp>
#include <string>
#include <utility>

namespace webhooks::service {
namespace {

constexpr std::size_t take_over_batch = 1000;

}  // namespace

Error for_callers(const Error& error) {
    if (error == Errc::fenced) {
        return {Errc::unavailable, "another worker took over the work of this one; try again"};
    }
    return error;
}

WorkerIdentity::WorkerIdentity(std::shared_ptr<DeliveryLog> storage,
                               std::chrono::milliseconds lease, StorageClock& clock,
                               StorageHealth& health)
    : storage_(std::move(storage)), lease_(lease), clock_(clock), health_(health) {}

Result<> WorkerIdentity::register_worker() {
    end_lease();
    const Result<Worker> worker = storage_->register_worker(lease_);
    if (!worker) return worker.error();
    worker_ = *worker;
    unbroken_since_ = clock_.steady_now();
    health_.set_identity(worker_.id);
    return {};
}

Result<Heartbeat> WorkerIdentity::heartbeat() {
    const SteadyTime asked_at = clock_.steady_now();
    Result<Heartbeat> heartbeat = storage_->heartbeat(worker_.id);
    if (!heartbeat) return heartbeat;
    clock_.synchronize(heartbeat->now, asked_at);
    if (asked_at.time_since_epoch().count() >= lease_until_) unbroken_since_ = asked_at;
    lease_until_ = (asked_at + lease_).time_since_epoch().count();
    return heartbeat;
}

Result<> WorkerIdentity::retire() {
    const Result<> retired = storage_->retire_worker(worker_.id);
    if (!retired && !(retired.error() == Errc::fenced)) return retired;
    return {};
}

bool WorkerIdentity::holds_lease() const {
    return clock_.steady_now().time_since_epoch().count() < lease_until_;
}

Result<> WorkerIdentity::mark_expired() {
    if (clock_.steady_now() - unbroken_since_ >= lease_) {
        if (Result<> marked = storage_->mark_expired(worker_.id); !marked) return marked;
    }
    is_taking_over_ = true;
    return {};
}

Result<std::size_t> WorkerIdentity::take_over() {
    is_taking_over_ = false;
    Result<std::size_t> moved = storage_->take_over(worker_.id, take_over_batch);
    if (!moved) return moved;
    is_taking_over_ = *moved == take_over_batch;
    if (*moved > 0) {
        health_.log(LogLevel::info, "took over " + std::to_string(*moved) + " events",
                    LogEvent::events_taken_over);
    }
    return moved;
}

}  // namespace webhooks::service
