#pragma once

#include <array>
#include <delivery/lane.hpp>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>

namespace webhooks::delivery {

/// What belongs to one scheme, host and port.
struct Host {
    std::string name;
    std::size_t lanes = 0;
    std::size_t in_flight = 0;
    /// Requests that may be under way at once: one at first, twice as many after each answer.
    std::size_t limit = 1;
    /// Lanes whose turn may come, by the share that they take of all slots.
    std::array<Ring<Lane>, shares> ready;
    std::array<RingPlace<Host>, shares> turns{RingPlace<Host>{this}, RingPlace<Host>{this},
                                              RingPlace<Host>{this}, RingPlace<Host>{this}};
};

/// What belongs to one user. Its requests in flight are fewer than three times the slots that are
/// left free, so that a user's endpoints, however many and slow they are, always leave slots to
/// others: at most three quarters of all are one user's, and of a share of them.
struct Owner {
    std::string name;
    std::size_t lanes = 0;
    std::array<std::size_t, shares> in_flight{};
    Ring<Lane> held;  ///< Lanes whose turn came while the owner had its part.
    RingPlace<Owner> holding{this};
};

/// Whose turn it is to have a request made. Turns go round the hosts, then round the lanes of a
/// host, so that a long queue delays nobody but itself. What is bounded: the slots in all, each
/// host's, and those of the lanes that fail or have not proven themselves.
class Turns {
public:
    Turns(std::size_t max_in_flight, std::size_t max_in_flight_per_host);

    Turns(const Turns&) = delete;
    Turns& operator=(const Turns&) = delete;

    /// Brings a lane to a host and an owner, from others if need be. It has no turn until it is
    /// settled. @param owner empty: its part has no bound
    void place(Lane& lane, const std::string& host, const std::string& owner = {});
    /// Takes a lane out. @pre nothing of it is under way
    void remove(Lane& lane);
    /// To be called after anything changed that decides when a lane has its turn.
    void settle(Lane& lane, SteadyTime now);

    /// The lane whose turn it is; its queue is not empty. It has no other turn until it is settled.
    /// @return null when all that waits must wait.
    Lane* next();

    /// What a request under way takes, until `end`.
    struct Slot {
        Host* host = nullptr;
        Owner* owner = nullptr;
        Share share = Share::unproven;
    };
    Slot begin(Lane& lane);
    /// Whether the host answered, with whatever status: it may have more under way, or less.
    void note_answer(const Slot& slot, bool is_answered);
    void end(const Slot& slot);
    /// Forgets every request that is under way; none of their slots is to be ended.
    void end_all();

    /// When the next lane opens that has something to do then.
    std::optional<SteadyTime> next_timer() const;
    /// A lane that has opened by now and is to be settled; null when there is none.
    Lane* take_opened(SteadyTime now);

private:
    void update(Host& host);
    void forget_if_idle(Host& host);
    void forget_if_idle(Owner& owner);
    bool may_begin(const Owner& owner, Share share) const;
    void hold(Lane& lane);
    /// @return whether a lane has its turn again
    bool release_held();
    std::size_t all_in_flight() const;
    void leave(Lane& lane);
    bool has_slot(Share share) const;
    Lane* next_ready();

    const std::size_t host_limit_;
    const std::array<std::size_t, shares> limits_;
    std::array<std::size_t, shares> in_flight_{};
    std::size_t last_share_ = 0;
    /// Hosts that have ready lanes and may have another request under way, by share.
    std::array<Ring<Host>, shares> rings_;
    Ring<Owner> holding_;  ///< Those with held lanes, and maybe others.
    std::unordered_map<std::string, std::unique_ptr<Host>>
        hosts_;  // After the rings: it goes first.
    std::unordered_map<std::string, std::unique_ptr<Owner>> owners_;
    /// Lanes that something keeps from their turn until a time.
    Lane::Timers timers_;
};

}  // namespace webhooks::delivery
