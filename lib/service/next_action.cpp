#include <algorithm>
#include <array>
#include <service/next_action.hpp>
#include <utility>

namespace webhooks::service {

NextAction next_action(const StorageLoopState& state, SteadyTime now,
                       std::optional<StorageAction> after) {
    const auto comes_next = [after](StorageAction action, bool is_wanted) {
        return is_wanted && (!after || action > *after);
    };
    if (now < state.blocked_until) {
        if (comes_next(StorageAction::reject, state.has_submissions)) {
            return {.action = StorageAction::reject};
        }
        return {.action = StorageAction::wait, .until = state.blocked_until};
    }
    // Nothing succeeds under a lost identity: it is replaced in the middle of a round, too.
    if (state.has_lost_identity && after != StorageAction::reregister) {
        return {.action = StorageAction::reregister};
    }
    const bool may_claim = state.claim_at && *state.claim_at <= now;
    const std::array<std::pair<StorageAction, bool>, 8> candidates{{
        {StorageAction::reregister, state.has_failed},
        {StorageAction::heartbeat, state.heartbeat_at <= now},
        {StorageAction::take_over, state.is_taking_over},
        {StorageAction::write, state.has_unwritten || state.write_at <= now},
        {StorageAction::feeds, state.feeds_at <= now},
        {StorageAction::refill, state.has_refill_requests && !state.is_batch_in_doubt},
        {StorageAction::claim, may_claim},
        {StorageAction::maintain, state.maintain_at <= now},
    }};
    for (const auto& [action, is_wanted] : candidates) {
        if (comes_next(action, is_wanted)) return {.action = action};
    }
    // The other actions have no time: they are ready now, or become so by one of these.
    const SteadyTime until =
        std::min({state.heartbeat_at, state.maintain_at, state.write_at, state.feeds_at});
    return {.action = StorageAction::wait,
            .until = state.claim_at ? std::min(until, *state.claim_at) : until};
}

}  // namespace webhooks::service
