#pragma once

#include <atomic>
#include <delivery/dispatcher.hpp>
#include <memory>
#include <random>
#include <service/inbox.hpp>
#include <service/journal.hpp>
#include <service/subscription_index.hpp>
#include <unordered_map>
#include <webhooks/observer.hpp>
#include <webhooks/options.hpp>
#include <webhooks/signature.hpp>
#include <webhooks/transport.hpp>

namespace webhooks::service {

/// The delivery side of a running service: carries out what the dispatcher decides. All members are
/// called from one thread at a time.
class DeliveryLoop final : private Transport::Sink {
public:
    struct Parts {
        std::shared_ptr<Transport> transport;
        std::shared_ptr<Clock> clock;
        std::shared_ptr<Observer> observer;
    };
    DeliveryLoop(Parts parts, const ServiceOptions& options, const SubscriptionIndex& index,
                 Inbox& inbox, Journal& journal);

    /// Takes what was handed over, begins attempts, and lets the transport work until something
    /// happens or `until` has come, by the machine's own clock. @return how many things were done.
    std::size_t turn(SteadyTime until);
    /// As `turn`, but begins nothing.
    std::size_t finish_turn(SteadyTime until);
    /// Cuts off what is in flight and forgets it: the log still holds it.
    void abandon();

    std::size_t in_flight() const noexcept { return dispatcher_.in_flight(); }
    /// After how long `turn` has something to do though nothing happens.
    std::chrono::nanoseconds idle_for() const;

private:
    struct CachedSigner {
        std::shared_ptr<const delivery::Endpoint> endpoint;
        Signer signer;
    };

    void on_answer(Transport::Token token, TransportAnswer answer) override;

    void take_inbox();
    void begin_attempts();
    void begin(const delivery::Dispatcher::Start& start);
    void fail_at_once(Transport::Token token, TransportAnswer::Kind kind, std::string error);
    Result<std::string> sign(const delivery::Dispatcher::Start& start, const std::string& id,
                             const std::string& timestamp);
    void keep(delivery::Dispatcher::Ended ended);
    void park_old();
    std::size_t hand_back();

    const Parts parts_;
    Inbox& inbox_;
    Journal& journal_;
    delivery::Dispatcher dispatcher_;
    std::uint64_t epoch_ = 0;
    Results results_;
    std::size_t begun_ = 0;
    SteadyTime next_sweep_{};
    std::unordered_map<SubscriptionId, CachedSigner> signers_;
    std::minstd_rand random_{std::random_device{}()};
};

}  // namespace webhooks::service
