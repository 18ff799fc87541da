#include <atomic>
#include <metrics/metered_parts.hpp>
#include <optional>
#include <utility>
#include <webhooks/forwarding_storage.hpp>

namespace webhooks::metrics {
namespace {

using Call = ForwardingStorage::Call;
using std::chrono::duration_cast;
using std::chrono::microseconds;

class MeteredObserver final : public Observer {
public:
    MeteredObserver(std::shared_ptr<Observer> inner, std::shared_ptr<ServiceMetrics> metrics)
        : inner_(std::move(inner)), metrics_(std::move(metrics)) {}

    void on_log(LogLevel level, std::string_view line) override { inner_->on_log(level, line); }
    void on_record(const LogRecord& record) override { inner_->on_record(record); }
    void on_published(std::size_t events) override {
        metrics_->count_events(events);
        inner_->on_published(events);
    }
    void on_attempt(const AttemptReport& report) override {
        metrics_->count_attempt(report);
        inner_->on_attempt(report);
    }
    void on_deactivated(SubscriptionId id, DeactivationReason reason) override {
        metrics_->count_deactivation(reason);
        inner_->on_deactivated(id, reason);
    }
    void on_operational(const OperationalEvent& event) override { inner_->on_operational(event); }
    void on_fenced(std::size_t results) override {
        metrics_->count_fenced_results(results);
        inner_->on_fenced(results);
    }

private:
    const std::shared_ptr<Observer> inner_;
    const std::shared_ptr<ServiceMetrics> metrics_;
};

StorageCall kind_of(Call call) {
    switch (call) {
        case Call::write:
        case Call::insert_subscription:
        case Call::update_subscription:
        case Call::rotate_secret:
        case Call::delete_subscription:
        case Call::upsert_event_type:
        case Call::replace_event_type:
        case Call::retire_event_type:
        case Call::delete_event:
        case Call::reopen_event:
        case Call::reopen_undelivered:
        case Call::insert_api_key:
        case Call::delete_api_key:
        case Call::rewrap_data_keys:
        case Call::shred_user:
        case Call::note_api_key_use:
        case Call::insert_portal_session:
        case Call::redeem_portal_code:
        case Call::delete_portal_session:
        case Call::delete_portal_sessions:
            return StorageCall::write;
        case Call::claim:
        case Call::claim_reserved:
        case Call::unclaim:
        case Call::take_over:
        case Call::appended_after:
            return StorageCall::claim;
        case Call::heartbeat:
        case Call::register_worker:
        case Call::retire_worker:
        case Call::mark_expired:
            return StorageCall::heartbeat;
        case Call::maintain:
            return StorageCall::maintain;
        default:
            return StorageCall::read;
    }
}

/// Whether storage, and not the caller, is the cause.
bool is_of_storage(const Error& error) {
    return !(error == Errc::not_found || error == Errc::conflict ||
             error == Errc::invalid_argument || error == Errc::stale_revision ||
             error == Errc::unsupported);
}

class MeteredStorage final : public ForwardingStorage {
public:
    MeteredStorage(std::shared_ptr<Storage> inner, std::shared_ptr<Clock> clock,
                   std::shared_ptr<ServiceMetrics> metrics)
        : ForwardingStorage(std::move(inner)),
          clock_(std::move(clock)),
          metrics_(std::move(metrics)) {}

    Result<BatchReceipt> write(WorkerId worker, const Batch& batch) override {
        Result<BatchReceipt> receipt = ForwardingStorage::write(worker, batch);
        if (receipt) metrics_->observe_batch(batch.appends.size(), batch.attempts.size());
        return receipt;
    }

    /// Another worker's events are moved in several calls, of which all but the last move `limit`.
    Result<std::size_t> take_over(WorkerId worker, std::size_t limit) override {
        Result<std::size_t> moved = ForwardingStorage::take_over(worker, limit);
        if (!moved) return moved;
        const bool was_going_on = is_taking_over_.exchange(*moved == limit);
        if (*moved > 0 && !was_going_on) metrics_->count_takeover();
        return moved;
    }

private:
    Result<> intercept(Call call, const std::function<Result<>()>& forward) override {
        const SteadyTime started = clock_->steady_now();
        Result<> answer = forward();
        const auto duration = duration_cast<microseconds>(clock_->steady_now() - started);
        if (answer) {
            metrics_->observe_storage(kind_of(call), duration);
        } else if (is_of_storage(answer.error())) {
            metrics_->count_storage_error(kind_of(call), answer.error());
            // A worker that retires may have lost its lease before, and that was counted.
            const bool is_lost = answer.error() == Errc::fenced && call != Call::retire_worker;
            if (is_lost) metrics_->count_lost_lease();
        }
        return answer;
    }

    const std::shared_ptr<Clock> clock_;
    const std::shared_ptr<ServiceMetrics> metrics_;
    std::atomic<bool> is_taking_over_{false};
};

}  // namespace

std::shared_ptr<Observer> metered(std::shared_ptr<Observer> observer,
                                  std::shared_ptr<ServiceMetrics> metrics) {
    return std::make_shared<MeteredObserver>(std::move(observer), std::move(metrics));
}

std::shared_ptr<Storage> metered(std::shared_ptr<Storage> storage, std::shared_ptr<Clock> clock,
                                 std::shared_ptr<ServiceMetrics> metrics) {
    return std::make_shared<MeteredStorage>(std::move(storage), std::move(clock),
                                            std::move(metrics));
}

}  // namespace webhooks::metrics
