#pragma once

#include <atomic>
#include <cstddef>
#include <webhooks/options.hpp>
#include <webhooks/storage/delivery_log.hpp>

namespace webhooks::delivery {

/// How much memory events may use, and which part of it is for whom. A part is a fraction both of
/// `ServiceOptions::max_events_in_memory` and of `max_payload_bytes_in_memory`:
///
/// | part | for |
/// |---|---|
/// | all | events of new publications; those beyond it wait in storage |
/// | three quarters | events claimed from storage: the last quarter is for new publications |
/// | half | events that wait in queues; a queue takes at most half of what is free there |
/// | a quarter | of events: guaranteed to the queues of proven endpoints, in equal shares |
///
/// The remaining quarter is for events on their way from storage to their queues. Publications that
/// wait to be written have a limit of their own: `max_publish_queue`, and once more all bytes.
///
/// What is held is counted here, by any thread. What waits in queues is an argument.
class MemoryBudget {
public:
    explicit MemoryBudget(const ServiceOptions& options) : options_(options) {}
    MemoryBudget(const MemoryBudget&) = delete;
    MemoryBudget& operator=(const MemoryBudget&) = delete;

    // ---- Publications that wait to be written.

    bool fits_publish_queue(std::size_t publications, std::size_t payload_bytes) const noexcept;

    // ---- Events held in memory, from their commit or claim until delivery has released them.

    void hold(std::size_t events, std::size_t payload_bytes) noexcept;
    void release(std::size_t events, std::size_t payload_bytes) noexcept;
    void release_all() noexcept;
    std::size_t held_events() const noexcept { return held_events_; }
    std::size_t held_bytes() const noexcept { return held_bytes_; }
    /// Whether the events of publications fit, in addition to what is held.
    bool has_room_for(std::size_t events, std::size_t payload_bytes) const noexcept;
    /// What may be claimed at once; no events: nothing.
    ClaimLimit room_for_claim() const noexcept;
    /// How many events claims may be ahead of delivery, while it gets rid of them: two claims, so
    /// that it has work during the next one, or a quarter of all, if that is more.
    std::size_t claimed_ahead() const noexcept;

    // ---- Events that wait in queues.

    struct Queued {
        std::size_t events = 0;         ///< In all queues.
        std::size_t payload_bytes = 0;  ///< Of these.
        std::size_t requested = 0;      ///< Being read back for them.
        std::size_t queues = 0;
    };
    /// The free part of the memory that all queues share.
    std::size_t shared_room(const Queued&) const noexcept;
    /// The number of further events that a queue with `events` may have in memory.
    /// @param is_guaranteed whether its endpoint works: then it has a share of its own.
    std::size_t room_in_queue(const Queued&, std::size_t events, bool is_guaranteed) const noexcept;

private:
    const ServiceOptions& options_;
    std::atomic<std::size_t> held_events_{0};
    std::atomic<std::size_t> held_bytes_{0};
};

}  // namespace webhooks::delivery
