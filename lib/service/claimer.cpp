#include <algorithm>
#include <service/claimer.hpp>
#include <utility>

namespace webhooks::service {
namespace {

/// The maximum number of requests for reserved events served before publications have their turn
/// again: each is a transaction.
constexpr std::size_t max_refills_in_step = 20;

}  // namespace

void Claimer::reset() {
    is_in_doubt_ = awaits_returns_ = false;
    requests_.clear();
}

void Claimer::return_all_behind() {
    awaits_returns_ = true;
    parts_.inbox.pass_turns({.returns_all = true});
}

void Claimer::consider_due(Time due) {
    if (!next_due_ || due < *next_due_) next_due_ = due;
}

void Claimer::add(const std::vector<delivery::RefillRequest>& requests) {
    requests_.insert(requests_.end(), requests.begin(), requests.end());
}

std::optional<SteadyTime> Claimer::ready_at() const {
    if (is_in_doubt_) return SteadyTime::min();
    if (awaits_returns_ || !next_due_ || parts_.budget.room_for_claim().events == 0) return {};
    const auto until_due = std::max(*next_due_ - parts_.clock.now(), Time::duration::zero());
    return std::max(parts_.clock.steady_now() + until_due,
                    pace_.ready_at(parts_.budget.held_events()));
}

bool Claimer::resolve_in_doubt_claim() {
    if (!is_in_doubt_) return true;
    const Result<> undone = parts_.storage->unclaim(parts_.identity.id(), last_claim_);
    if (!parts_.health.note_storage_result(undone, "claim")) return false;
    is_in_doubt_ = false;
    consider_due(parts_.clock.now());
    // Storage has taken back what was behind the events of the claim.
    return_all_behind();
    return true;
}

std::size_t Claimer::claim_due() {
    if (!resolve_in_doubt_claim() || awaits_returns_) return 0;
    if (!next_due_ || parts_.clock.now() < *next_due_) return 0;
    const ClaimLimit room = parts_.budget.room_for_claim();
    if (room.events == 0) return 0;
    const std::size_t held = parts_.budget.held_events();
    const SteadyTime now = parts_.clock.steady_now();
    if (now < pace_.ready_at(held)) return 0;
    pace_.note_claim(held, now);
    Result<Claim> claim = parts_.storage->claim(parts_.identity.id(), room, ++last_claim_);
    if (!claim) is_in_doubt_ = true;
    if (!parts_.health.note_storage_result(claim, "claim")) return 0;
    // What is known of subscriptions decides on these events: it must be no older than they are.
    if (claim->revision > parts_.index.revision() && !parts_.changes.refresh_index()) {
        is_in_doubt_ = true;  // So that the claim is undone.
        return 0;
    }
    parts_.counters.count_filtered(claim->filtered, parts_.clock.now());
    next_due_ = claim->next_due;
    const std::size_t claimed = claim->events.size();
    if (claimed == 0 && next_due_ && *next_due_ <= parts_.clock.now()) {
        // Nothing is due in storage although it is by our clock: storage's was set back.
        parts_.health.note_storage_result(parts_.identity.heartbeat(), "heartbeat");
    }
    if (claim->judged > 0) parts_.feeds.check_all();
    // A host that published them in its own transaction has told no reader.
    for (const HeldEvent& event : claim->events) {
        parts_.feeds.check(event.subscription);
    }
    parts_.inbox.deliver(std::move(claim->events));
    parts_.inbox.pass_turns({.behind = std::move(claim->behind)});
    // The call itself is work, too.
    return std::max<std::size_t>(claimed, 1);
}

std::size_t Claimer::serve_refill_requests() {
    std::size_t served = 0;
    while (!requests_.empty() && served < max_refills_in_step && resolve_in_doubt_claim()) {
        delivery::RefillRequest request = requests_.front();
        const ClaimLimit room = parts_.budget.room_for_claim();
        if (room.events == 0) break;
        request.count = std::min(request.count, room.events_of_any_size());
        Result<std::vector<HeldEvent>> events = parts_.storage->claim_reserved(
            parts_.identity.id(), request.subscription, request.count, ++last_claim_);
        if (!events) is_in_doubt_ = true;
        if (!parts_.health.note_storage_result(events, "claim")) break;
        requests_.pop_front();
        parts_.inbox.refill(request, std::move(*events));
        ++served;
    }
    return served;
}

}  // namespace webhooks::service
