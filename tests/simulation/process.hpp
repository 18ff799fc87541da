#pragma once

#include <memory>
#include <optional>
#include <string_view>
#include <webhooks/observer.hpp>
#include <webhooks/testing/fake_transport.hpp>
#include <webhooks/webhook_service.hpp>

#include "clock.hpp"
#include "traffic.hpp"

namespace webhooks::simulation {

class SeamStorage;
class World;

/// A process with a service, which crashes, stops and comes back. It is driven by `run_once`.
class Process {
public:
    Process(World& world, int index);
    ~Process();

    /// When it has something to do.
    Micros wake() const;
    /// Does it: a turn of the service, or a start of the process.
    void turn();
    /// Ends as kill -9 would, at this very place: from now on nothing that it does has an effect.
    void crash(const char* where);
    /// Stops as an operator would, and comes back.
    void stop(Micros drain);

    /// Whether its service can be called now.
    bool is_ready() const { return service_ && !is_busy_ && !is_dead_; }
    bool is_dead() const { return is_dead_; }
    /// Calls the service on behalf of a client. @pre is_ready()
    template <class Call>
    auto call(Call call) {
        const Busy busy(*this);
        auto answer = call(*service_);
        return answer;
    }
    /// Its storage tells it that something has changed.
    void notify();

    /// From then on it knows what changed before, unless something delayed it.
    void note_trouble();
    Micros latest_trouble() const { return latest_trouble_; }

    const int index;
    DriftingClock& clock() { return *clock_; }
    const DriftingClock& clock() const { return *clock_; }
    /// What storage told it last.
    WorkerId identity{};
    SteadyTime lease_until{};
    /// How long its quickest heartbeat took: its idea of storage's time is not more wrong than
    /// that.
    std::optional<Micros> time_error;
    Traffic& traffic() { return traffic_; }
    const Traffic& traffic() const { return traffic_; }
    /// A metric of its service; absent while it is down.
    std::optional<double> metric(std::string_view name) const;

private:
    friend class SeamStorage;

    /// While it works, during which time may pass: no client may call it.
    class Busy {
    public:
        explicit Busy(Process& process);
        ~Busy();
        Busy(const Busy&) = delete;
        Busy& operator=(const Busy&) = delete;

    private:
        Process& process_;
    };

    void start();
    Result<std::size_t> run_once();
    Result<std::size_t> call_service();
    void check_memory();
    std::optional<TransportAnswer> receive(const OutgoingRequest& request);
    void bury();

    World& world_;
    std::shared_ptr<DriftingClock> clock_;
    std::shared_ptr<SeamStorage> storage_;
    std::optional<WebhookService> service_;
    Traffic traffic_;
    Micros latency_{0};  ///< Of the answer to the latest request.
    bool is_busy_ = false;
    bool is_dead_ = false;
    Micros starts_at_{0};
    Micros latest_trouble_{0};
    int idle_turns_ = 0;
    int turns_ = 0;
};

}  // namespace webhooks::simulation
