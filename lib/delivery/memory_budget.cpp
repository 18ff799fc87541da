#include <algorithm>
#include <delivery/memory_budget.hpp>

namespace webhooks::delivery {
namespace {

/// The guaranteed share of a queue.
constexpr std::size_t max_guaranteed_events = 100;

/// A claim of many events changes each page of the database for several of them.
constexpr std::size_t batches_in_claim = 2;

constexpr std::size_t three_quarters(std::size_t all) {
    return all - all / 4;
}
constexpr std::size_t half(std::size_t all) {
    return all / 2;
}
constexpr std::size_t quarter(std::size_t all) {
    return all / 4;
}

}  // namespace

bool MemoryBudget::fits_publish_queue(std::size_t publications,
                                      std::size_t payload_bytes) const noexcept {
    return publications <= options_.max_publish_queue &&
           payload_bytes <= options_.max_payload_bytes_in_memory;
}

void MemoryBudget::hold(std::size_t events, std::size_t payload_bytes) noexcept {
    held_events_ += events;
    held_bytes_ += payload_bytes;
}

void MemoryBudget::release(std::size_t events, std::size_t payload_bytes) noexcept {
    held_events_ -= events;
    held_bytes_ -= payload_bytes;
}

void MemoryBudget::release_all() noexcept {
    held_events_ = 0;
    held_bytes_ = 0;
}

bool MemoryBudget::has_room_for(std::size_t events, std::size_t payload_bytes) const noexcept {
    return held_events_ + events <= options_.max_events_in_memory &&
           held_bytes_ + payload_bytes <= options_.max_payload_bytes_in_memory;
}

ClaimLimit MemoryBudget::room_for_claim() const noexcept {
    const std::size_t events = held_events_;
    const std::size_t bytes = held_bytes_;
    const std::size_t max_events = three_quarters(options_.max_events_in_memory);
    const std::size_t max_bytes = three_quarters(options_.max_payload_bytes_in_memory);
    if (events >= max_events || bytes >= max_bytes) return 0;
    return {std::min(max_events - events, batches_in_claim * options_.max_batch), max_bytes - bytes,
            options_.max_payload_bytes};
}

std::size_t MemoryBudget::claimed_ahead() const noexcept {
    return std::max(options_.max_events_in_memory / 4, 2 * batches_in_claim * options_.max_batch);
}

std::size_t MemoryBudget::shared_room(const Queued& queued) const noexcept {
    if (queued.payload_bytes > half(options_.max_payload_bytes_in_memory)) return 0;
    const std::size_t usable = std::max<std::size_t>(half(options_.max_events_in_memory), 1);
    const std::size_t taken = queued.events + queued.requested;
    return taken < usable ? usable - taken : 0;
}

std::size_t MemoryBudget::room_in_queue(const Queued& queued, std::size_t events,
                                        bool is_guaranteed) const noexcept {
    const std::size_t free = shared_room(queued);
    std::size_t limit = free - half(free);
    if (is_guaranteed) {
        const std::size_t share =
            quarter(options_.max_events_in_memory) / std::max<std::size_t>(queued.queues, 1);
        limit = std::max(limit, std::clamp<std::size_t>(share, 1, max_guaranteed_events));
    }
    return events < limit ? limit - events : 0;
}

}  // namespace webhooks::delivery
