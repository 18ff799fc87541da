#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>
#include <webhooks/storage/delivery_log.hpp>
#include <webhooks/storage/event_log.hpp>

namespace webhooks::storage {

/// Claims an event that waits for another one of its queue (MemoryOrder).
inline constexpr WorkerId waits_in_queue{-1};

/// An event with its attempts. If it is not delivered, it may have a row.
struct MemoryEvent {
    struct Row {
        std::optional<Time> due = {};  ///< Absent: it has ended without being delivered.
        int attempts = 0;
        int attempts_since_reopened = 0;
        WorkerId claimed_by{};
        std::int64_t claim_number = 0;
        bool is_reserved = false;  ///< It waits in storage, for the worker that has claimed it.
        bool is_requested = false;
    };

    /// Whether it is only in the memory of the worker that appended it.
    bool is_in_memory_alone() const { return has_no_history() && worker != WorkerId{}; }
    /// Whether it is of a subscription with `Delivery::pull`.
    bool is_pulled() const { return has_no_history() && worker == WorkerId{}; }
    /// Whether a worker holds it: only in its memory, or by the row that it has claimed.
    bool is_held_by(WorkerId holder) const {
        return row ? row->claimed_by == holder : is_in_memory_alone() && worker == holder;
    }
    /// Whether some worker may have it in its memory or reserved.
    bool may_be_held() const { return row ? !is_free() : is_in_memory_alone(); }
    /// Whether its first attempt was scheduled for a time, and has not been made.
    bool is_scheduled() const {
        return row && row->attempts == 0 && row->claimed_by == WorkerId{} && row->due > created_at;
    }
    /// Whether it has a row, and no worker has claimed it.
    bool is_free() const {
        return row && (row->claimed_by == WorkerId{} || row->claimed_by == waits_in_queue);
    }
    bool is_ordered() const { return !message->ordering_key.empty(); }
    bool has_due_row() const { return row && row->due; }
    /// Whether no worker has it in its memory.
    bool can_reopen() const { return row ? is_free() || row->is_reserved : !attempts.empty(); }
    /// Whether `reopen_undelivered` takes it.
    bool is_undelivered(const CreationPeriod& period) const {
        return row && row->attempts > 0 && period.contains(created_at) && can_reopen();
    }

    Event view(EventId id) const;
    Event view_without_payload(EventId id) const;
    /// As a worker gets it.
    HeldEvent held(EventId id) const;

    SubscriptionId subscription{};
    std::shared_ptr<const Message> message;
    WorkerId worker{};  ///< The one that appended it to deliver it.
    std::uint64_t worker_tag = 0;
    Time created_at{};
    std::vector<Attempt> attempts = {};
    std::optional<Row> row = {};

private:
    bool has_no_history() const { return !row && attempts.empty(); }
};

}  // namespace webhooks::storage
