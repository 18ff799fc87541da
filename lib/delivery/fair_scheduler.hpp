#pragma once

#include <array>
#include <delivery/subscription_queue.hpp>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>

namespace webhooks::delivery {

/// The state of one scheme, host and port.
struct Host {
    std::string name;
    std::size_t queues = 0;
    std::size_t in_flight = 0;
    /// The maximum number of requests in flight: one at first, doubled after each response.
    std::size_t limit = 1;
    /// Queues that are ready, by their class of slots.
    std::array<IntrusiveList<SubscriptionQueue>, slot_classes> ready;
    std::array<ListHook<Host>, slot_classes> turns{ListHook<Host>{this}, ListHook<Host>{this},
                                                   ListHook<Host>{this}, ListHook<Host>{this}};
};

/// The state of one user. A user may have at most three times as many requests in flight as slots
/// are free, that is, three quarters of all slots, and of each class. So a user's endpoints,
/// however many and slow they are, always leave slots to others.
struct Owner {
    std::string name;
    std::size_t queues = 0;
    std::array<std::size_t, slot_classes> in_flight{};
    IntrusiveList<SubscriptionQueue>
        held;  ///< Queues whose turn came while the owner was at its limit.
    ListHook<Owner> holding{this};
};

/// Decides whose request is next. It is round-robin over hosts, and over the queues of each host,
/// so that a long queue delays only itself. It limits the slots in total, for each host, and for
/// failing and unproven queues.
class FairScheduler {
public:
    FairScheduler(std::size_t max_in_flight, std::size_t max_in_flight_per_host);

    FairScheduler(const FairScheduler&) = delete;
    FairScheduler& operator=(const FairScheduler&) = delete;

    /// Assigns a queue to a host and an owner, removing it from previous ones. It has no turn until
    /// `reschedule` is called. @param owner empty: without the limit for users
    void assign_host(SubscriptionQueue& queue, const std::string& host,
                     const std::string& owner = {});
    /// Removes a queue. @pre it has no requests in flight
    void remove(SubscriptionQueue& queue);
    /// Must be called after any change that affects when a queue has its turn.
    void reschedule(SubscriptionQueue& queue, SteadyTime now);

    /// The queue whose turn it is; it is not empty. It has no other turn until it is
    /// rescheduled.
    /// @return null if everything that waits has to wait.
    SubscriptionQueue* next();

    /// What a request in flight occupies, until `end`.
    struct Slot {
        SubscriptionQueue* queue = nullptr;
        Host* host = nullptr;
        Owner* owner = nullptr;
        SlotClass slot_class = SlotClass::unproven;
    };
    Slot begin(SubscriptionQueue& queue);
    /// Adjusts the host's limit: whether it responded, with any status.
    void adjust_limit(const Slot& slot, bool is_answered);
    void end(const Slot& slot);
    /// Forgets all requests in flight; their slots must not be ended, and each queue must be passed
    /// to `forget_requests`.
    void end_all();
    static void forget_requests(SubscriptionQueue& queue);

    /// When the next queue with waiting events becomes ready.
    std::optional<SteadyTime> next_wakeup() const;
    /// A queue that has become ready and must be rescheduled; null if there is none.
    SubscriptionQueue* pop_ready(SteadyTime now);

private:
    void update(Host& host);
    void forget_if_idle(Host& host);
    void forget_if_idle(Owner& owner);
    bool may_begin(const Owner& owner, SlotClass slot_class) const;
    void hold(SubscriptionQueue& queue);
    /// @return whether a queue has its turn again
    bool release_held();
    std::size_t all_in_flight() const;
    void leave(SubscriptionQueue& queue);
    bool has_slot(SlotClass slot_class) const;
    SubscriptionQueue* next_ready();

    const std::size_t host_limit_;
    const std::array<std::size_t, slot_classes> limits_;
    std::array<std::size_t, slot_classes> in_flight_{};
    std::size_t last_class_ = 0;
    /// Hosts that have ready queues and may have another request in flight, by class.
    std::array<IntrusiveList<Host>, slot_classes> ready_hosts_;
    IntrusiveList<Owner> holding_;  ///< Those that may have held queues.
    // After the lists, because they are destroyed first.
    std::unordered_map<std::string, std::unique_ptr<Host>> hosts_;
    std::unordered_map<std::string, std::unique_ptr<Owner>> owners_;
    /// Queues that are blocked until a time.
    QueueSchedule::Timers timers_;
};

}  // namespace webhooks::delivery
