#pragma once

#include <webhooks/forwarding_storage.hpp>

#include "model.hpp"

namespace webhooks::simulation {

class Process;
class World;

/// Lies right above a real storage, below every fault: what storage accepts is checked at once, and
/// the model learns of it.
class AuditStorage final : public ForwardingStorage {
public:
    AuditStorage(World& world, Process& process, std::shared_ptr<Storage> inner);

    Result<Subscription> insert_subscription(const Principal& by, const Subscription&) override;
    Result<Subscription> update_subscription(const Principal&, SubscriptionId,
                                             const SubscriptionChange&) override;
    Result<Subscription> rotate_secret(const Principal&, SubscriptionId, const Secret&,
                                       std::chrono::seconds overlap) override;
    Result<> delete_subscription(const Principal&, SubscriptionId) override;
    Result<> upsert_event_type(const EventType&) override;
    Result<> delete_event(const Principal&, SubscriptionId, EventId) override;
    Result<> reopen_event(const Principal&, SubscriptionId, EventId) override;
    Result<Reopened> reopen_undelivered(const Principal&, SubscriptionId, const CreationPeriod&,
                                        EventId after, std::size_t limit) override;
    Result<Worker> register_worker(std::chrono::milliseconds lease) override;
    Result<Heartbeat> heartbeat(WorkerId) override;
    Result<> retire_worker(WorkerId) override;
    Result<> mark_expired(WorkerId) override;
    Result<BatchReceipt> write(WorkerId, const Batch&) override;
    Result<Claim> claim(WorkerId, ClaimLimit limit, std::int64_t number) override;
    Result<std::vector<HeldEvent>> claim_reserved(WorkerId, SubscriptionId, std::size_t limit,
                                                  std::int64_t number) override;
    Result<> unclaim(WorkerId, std::int64_t number) override;
    Result<bool> maintain(const Maintenance&) override;
    void set_listener(std::function<void()>) override {}
    void set_operational_listener(std::function<void(const OperationalEvent&)>) override {}

private:
    // Operational events.
    static void note_operational(World& world, const OperationalEvent& event);
    void check_exhausted() const;
    void changed(const Subscription& subscription, bool is_deleted = false);
    void require_alive(WorkerId worker, const char* call) const;
    void end_identity(WorkerId worker);
    void reopen(EventState& event);
    void take(WorkerId worker, std::int64_t number, const std::vector<HeldEvent>& events);

    void note_appends(WorkerId worker, const Batch& batch, const BatchReceipt& receipt);
    void note_append(WorkerId worker, const Append& append, const Appended& appended,
                     const std::vector<EventId>& waiting);
    void note_fan_outs(std::size_t made);
    void note_park(WorkerId worker, const CustodyChange& custody_change);
    void note_order(WorkerId worker, const BatchReceipt& receipt);
    static void move_to_storage(EventState& event);
    void note_attempt(WorkerId worker, const AttemptRecord& record);
    void note_exhausted(const EventState& event, const Attempt& attempt);
    void note_asked_pause(const EventState& event, const Attempt& attempt);
    void note_low_water(WorkerId worker, EventId mark);
    void note_retention(std::chrono::seconds keep_for);
    void note_deactivations(const BatchReceipt& receipt);

    World& world_;
    Process& process_;
    Model& model_;
};

}  // namespace webhooks::simulation
