#pragma once

#include <webhooks/forwarding_storage.hpp>

#include "generator.hpp"

namespace webhooks::simulation {

class Process;
class World;

/// The way of a process to its storage, on which calls and answers are lost and the process stands
/// still or dies.
class SeamStorage final : public ForwardingStorage {
public:
    SeamStorage(World& world, Process& process, std::shared_ptr<Storage> inner);

    Result<Worker> register_worker(std::chrono::milliseconds lease) override;
    Result<Heartbeat> heartbeat(WorkerId worker) override;
    void set_listener(std::function<void()> listener) override { listener_ = std::move(listener); }
    void notify() const {
        if (listener_) listener_();
    }

private:
    Result<> intercept(Call call, const std::function<Result<>()>& forward) override;
    bool meets(double probability);
    Result<> lose(const char* what);
    void pause();
    void pass_latency();

    World& world_;
    Process& process_;
    std::function<void()> listener_;
    std::chrono::milliseconds lease_{};
};

}  // namespace webhooks::simulation
