#pragma once

#include <atomic>
#include <delivery/memory_budget.hpp>
#include <functional>
#include <memory>
#include <metrics/service_metrics.hpp>
#include <mutex>
#include <service/delivery_loop.hpp>
#include <service/exit_guard.hpp>
#include <service/inbox.hpp>
#include <service/storage_loop.hpp>
#include <service/subscription_index.hpp>
#include <service/transport_claim.hpp>
#include <thread>
#include <webhooks/options.hpp>
#include <webhooks/webhook_service.hpp>

namespace webhooks::service {

/// The running parts of a service and its two threads, or the host's calls of `run_once` instead.
class Engine {
public:
    /// @param parts all of them, wrapped by guarded_parts and metered_parts except for the
    /// transport.
    Engine(WebhookService::Parts parts, TransportClaim claim, const ServiceOptions& options,
           SubscriptionIndex& index, std::shared_ptr<metrics::ServiceMetrics> metrics);
    ~Engine();

    Engine(const Engine&) = delete;
    Engine& operator=(const Engine&) = delete;

    /// @param self the owner of this engine; each call on a thread shares ownership, so that a
    /// callback may destroy the service.
    Result<> open(const std::shared_ptr<void>& self) { return storage_loop_.open(self); }
    Result<> start(const std::shared_ptr<void>& self);
    /// Only the storage thread; `run_once` drives delivery.
    Result<> start_storage(const std::shared_ptr<void>& self);
    Result<SteadyTime> next_wake();
    Result<int> wait_handle() const;
    void set_wake_callback(std::function<void()> callback);
    Result<std::size_t> run_once();
    Result<> stop(std::chrono::milliseconds drain);
    Result<> abandon();
    Result<> check_ready() const;
    std::vector<MetricFamily> collect_metrics() const;
    /// The service is destroyed: stops without draining. If called inside the engine's own work,
    /// its threads are only told to end, and its last owner stops it.
    void let_go() noexcept;

    /// @return as `StorageLoop::submit`; `done` is not called after an error.
    Result<> submit(Submission submission);
    /// Returns when the submission has its result.
    Result<PublishReceipts> submit_and_wait(Submission submission);
    /// As `FeedWaiters::add`.
    Result<> wait_for_feed(FeedWait wait, const std::stop_token& stop) {
        warn_if_not_driven();
        return storage_loop_.feeds().add(std::move(wait), stop);
    }
    /// Subscriptions have changed.
    void check_feeds() { storage_loop_.feeds().check_all(); }
    void cancel(Inbox::Cancellation cancellation) { inbox_.cancel(std::move(cancellation)); }
    Result<> refresh() { return storage_loop_.refresh(); }
    /// This service has changed something: it reads that as other workers do.
    void request_heartbeat() { storage_loop_.request(StorageRequest::heartbeat); }
    void request_maintenance() { storage_loop_.request(StorageRequest::maintain); }
    /// Events have become due by a request, not by their time.
    void request_claim() { storage_loop_.request(StorageRequest::claim); }
    /// Storage's time.
    Time now() const { return storage_loop_.now(); }

private:
    enum class State { open, stores, started, stopped };
    static constexpr SteadyTime never = SteadyTime::min();

    Result<> start_threads(const std::shared_ptr<void>& self, State target);
    Result<> check_host_drives() const;
    void call_host() noexcept;
    bool is_driven() const;
    void warn_if_not_driven();
    void wake_delivery() noexcept;
    void log(LogEvent event, std::string_view line) const;
    std::size_t deliver(bool may_wait);
    void run_storage_loop();
    void run_delivery();
    /// Repeats `body` until `is_done`; exceptions are logged.
    void repeat(const char* what, const std::function<bool()>& is_done,
                const std::function<void()>& body);
    /// @pre `life_mutex_` is held.
    void end_work(std::chrono::milliseconds drain);
    void finish_deliveries(std::chrono::milliseconds drain);
    void stop_storage_thread();
    static void end(std::thread& thread);

    const std::shared_ptr<Transport> transport_;
    TransportClaim transport_claim_;
    const std::shared_ptr<Clock> clock_;
    const std::shared_ptr<Observer> observer_;
    const std::shared_ptr<metrics::ServiceMetrics> metrics_;
    const std::chrono::milliseconds lease_;
    const SubscriptionIndex& index_;
    delivery::MemoryBudget budget_;
    /// Most hosts have none: then the mutex is left alone.
    std::atomic<bool> has_wake_callback_{false};
    std::mutex callback_mutex_;
    std::shared_ptr<const std::function<void()>> wake_callback_;
    // These call it: they are destroyed before it.
    Inbox inbox_;
    StorageLoop storage_loop_;
    /// Must be held to use `delivery_`.
    std::mutex delivery_mutex_;
    DeliveryLoop delivery_;
    std::atomic<bool> stops_delivery_{false};
    std::atomic<bool> stops_storage_{false};
    std::atomic<State> state_{State::open};
    /// When `run_once` was last called.
    std::atomic<SteadyTime> driven_at_{never};
    std::atomic<bool> has_warned_{false};
    /// The result of the latest `run_once`.
    std::atomic<std::size_t> latest_done_{1};
    std::mutex life_mutex_;
    ExitGuard exit_guard_;
    std::thread storage_thread_;
    std::thread delivery_thread_;
};

}  // namespace webhooks::service
