#pragma once

#include <cstdint>
#include <optional>
#include <webhooks/time.hpp>

namespace webhooks::service {

/// What the storage loop does next. In a round it does each at most once, in this order, so that
/// none of them starves the others, however much one has to do.
enum class StorageAction : std::uint8_t {
    reject,      ///< Storage is not called for a while: callers do not wait for it.
    reregister,  ///< Continue under a new identity.
    heartbeat,   ///< Renew the lease and read what other workers changed.
    take_over,   ///< Some of what expired workers left.
    write,       ///< Publications and results. Before `refill`: what was reserved must be written.
    feeds,       ///< Tell readers who wait what there is to read.
    refill,      ///< Read back what delivery has reserved.
    claim,       ///< Events that are due.
    maintain,    ///< Write the low-water mark, delete what is old.
    wait,        ///< The round is over.
};

/// What decides the next action.
struct StorageLoopState {
    bool has_lost_identity = false;
    bool has_failed = false;  ///< It is unknown what this worker holds.
    SteadyTime blocked_until = SteadyTime::min();
    SteadyTime heartbeat_at = SteadyTime::max();
    bool is_taking_over = false;
    bool has_submissions = false;
    bool has_unwritten = false;               ///< Publications, results, or a batch in doubt.
    SteadyTime write_at = SteadyTime::max();  ///< When a batch is due even without such work.
    bool is_batch_in_doubt = false;
    SteadyTime feeds_at = SteadyTime::max();
    bool has_refill_requests = false;
    std::optional<SteadyTime> claim_at = {};
    SteadyTime maintain_at = SteadyTime::max();
};

struct NextAction {
    StorageAction action = StorageAction::wait;
    /// With `wait`: until when, if nothing else happens.
    SteadyTime until{};

    bool operator==(const NextAction&) const = default;
};

/// @param after the latest action of this round; nullopt begins one
NextAction next_action(const StorageLoopState&, SteadyTime now,
                       std::optional<StorageAction> after = {});

}  // namespace webhooks::service
