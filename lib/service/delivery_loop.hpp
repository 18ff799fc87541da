#pragma once

#include <atomic>
#include <delivery/dispatcher.hpp>
#include <exception>
#include <memory>
#include <metrics/service_metrics.hpp>
#include <optional>
#include <random>
#include <service/inbox.hpp>
#include <service/signers.hpp>
#include <service/span_ids.hpp>
#include <service/storage_loop.hpp>
#include <service/subscription_index.hpp>
#include <webhooks/observer.hpp>
#include <webhooks/options.hpp>
#include <webhooks/random.hpp>
#include <webhooks/transport.hpp>

namespace webhooks::service {

/// The delivery side of a running service: carries out the dispatcher's decisions. All member
/// functions are called from one thread at a time.
class DeliveryLoop final : private Transport::Sink {
public:
    struct Parts {
        std::shared_ptr<Transport> transport;
        std::shared_ptr<Clock> clock;
        std::shared_ptr<Observer> observer;
        std::shared_ptr<Random> random;
        std::shared_ptr<metrics::ServiceMetrics> metrics;
    };
    DeliveryLoop(Parts parts, const ServiceOptions& options, const SubscriptionIndex& index,
                 Inbox& inbox, StorageLoop& storage_loop, const delivery::MemoryBudget& budget);

    /// Takes over new events, starts attempts, and lets the transport work until something happens
    /// or there is work to do. @return the number of things done.
    std::size_t turn(bool may_wait);
    /// When the next `turn` has work to do without waiting, if the previous one did nothing.
    SteadyTime next_wake() const;
    /// Starts nothing more, and lets the attempts in flight finish until `drain` has passed by the
    /// transport's clock, because the transport is what waits.
    void finish(std::chrono::milliseconds drain);
    /// Before `abandon`, as the service stops: `Dispatcher::return_ordered`.
    void return_ordered();
    /// Forgets all events, after an exception that left something half done: they are still in the
    /// log.
    void discard();
    /// Aborts and forgets what is in flight: it is still in the log.
    void abandon();
    /// Ends what is in flight in the transport, which then has no thread of its own.
    void cancel_transport();

    std::size_t in_flight() const noexcept { return dispatcher_.in_flight(); }
    /// Whether the transport threw in the last turn: it would probably do so again at once.
    bool needs_rest() const noexcept { return has_failed_; }
    /// The transport cannot be woken. Any thread.
    void poll_from_now_on() noexcept { polls_ = true; }

private:
    void on_answer(Transport::Token token, TransportAnswer answer) override;
    void take_answer(Transport::Token token, const TransportAnswer& answer);
    void drive_transport(SteadyTime until);
    void log_transport_failure(const char* call);

    /// How long there is nothing to do if nothing else happens.
    std::chrono::nanoseconds idle_for() const;

    SteadyTime next_wake_of_transport() const;
    SteadyTime transport_now() const;
    bool needs_periodic_checks() const;
    void drain_inbox();
    /// False while storage is behind with results, and after this worker's lease has expired.
    bool may_begin() const;
    void begin_attempts();
    void begin(const delivery::Dispatcher::Start& start);
    void add_trace(const delivery::Dispatcher::Start& start, OutgoingRequest& request);
    void fail_at_once(Transport::Token token, FailureReason reason, std::string error);
    Result<> sign(const delivery::Dispatcher::Start& start, OutgoingRequest& request);
    void log_local_error(const std::string& error);
    void log_health_changes(const std::vector<delivery::HealthChange>& changes);
    void run_periodic_checks();
    std::size_t hand_back();
    void report(const AttemptRecord& record, const delivery::AttemptContext& context);
    void log(LogLevel level, LogEvent event, std::string_view line);
    delivery::Now now() const;

    const Parts parts_;
    Inbox& inbox_;
    StorageLoop& storage_loop_;
    const SubscriptionIndex& index_;
    delivery::Dispatcher dispatcher_;
    std::uint64_t epoch_ = 0;
    /// Things done in this turn, except results.
    std::size_t done_ = 0;
    bool has_failed_ = false;
    std::atomic<bool> polls_{false};
    /// An exception of this loop, carried through the transport.
    std::exception_ptr failure_;
    SteadyTime next_periodic_check_{};
    SteadyTime next_local_error_log_{};
    /// Log lines about endpoints since `health_log_began_`.
    int health_lines_ = 0;
    SteadyTime health_log_began_{};
    std::uint64_t refreshed_changes_ = 0;  ///< As `SubscriptionIndex::changes`.
    Signers signers_;
    const bool transport_signs_;
    /// Of jitter; seeded once, for the machine's randomness costs a system call.
    std::mt19937_64 jitter_;
    std::optional<SpanIds> spans_;  ///< Absent: endpoints get no trace.
};

}  // namespace webhooks::service
