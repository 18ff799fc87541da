#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <functional>
#include <iterator>
#include <map>
#include <optional>
#include <query/budget.hpp>
#include <set>
#include <storage/memory/memory_event.hpp>
#include <storage/memory/memory_order.hpp>
#include <storage/retention_cursor.hpp>
#include <tuple>
#include <utility>
#include <vector>
#include <webhooks/storage.hpp>

namespace webhooks::storage {

/// The events in order of id, and which of them are due or reserved. Not thread-safe.
class MemoryLog {
public:
    /// Copies of events, to be read without the storage's lock; payloads are shared.
    using Copies = std::vector<std::pair<EventId, MemoryEvent>>;

    // For readers.

    EventId last_event() const { return last_event_; }
    /// @return null if there is none
    const MemoryEvent* find(EventId id) const;
    /// What an event waits for, which has the same ordering key.
    std::optional<EventId> in_front_of(EventId id) const { return order_.in_front_of(id); }
    /// The newest events of a subscription, latest first.
    std::vector<Event> newest(SubscriptionId subscription, std::size_t limit) const;
    void copy(SubscriptionId subscription, Copies& copies) const;
    /// The newest of a subscription up to an event; 0: it has none.
    EventId newest_of(SubscriptionId subscription, EventId until) const {
        const std::set<EventId>& ids = of(subscription);
        const auto behind = ids.upper_bound(until);
        return behind == ids.begin() ? EventId{} : *std::prev(behind);
    }
    /// @param database identifies the storage
    /// @param settled events behind this one are not shown
    Result<FeedRows> feed(SubscriptionId subscription, const FeedRequest& request,
                          std::uint64_t database, EventId settled, Time now) const;
    /// Of the attempts after `from`. @return timed_out if the budget is used up
    Result<DeliveryStatistics> statistics(SubscriptionId subscription, Time from,
                                          const query::Budget& budget) const;
    bool delivered_since(SubscriptionId subscription, Time since) const;
    std::size_t count_waiting(SubscriptionId subscription) const;
    void count(StorageSample& sample, Time now) const;

    // Resending.

    /// @return false if a worker has it in its memory
    bool reopen(EventId id, Time now);
    Reopened reopen_undelivered(SubscriptionId subscription, const CreationPeriod& period,
                                EventId after, std::size_t limit, Time now);
    std::size_t count_undelivered(SubscriptionId subscription, const CreationPeriod& period) const;

    // For workers.

    /// The ids of events that are appended later are greater, except for those that were fanned
    /// out.
    void advance_to(EventId last) { last_event_ = std::max(last_event_, last); }
    /// These add to the receipt what events with ordering keys wait for.
    void append(const Worker& worker, const Append& append, EventId first, Time now,
                BatchReceipt& receipt);
    /// @return whether the worker held the event
    bool write(WorkerId worker, const AttemptRecord& record, Time now, BatchReceipt& receipt);
    void write(WorkerId worker, const CustodyChange& change, Time now, BatchReceipt& receipt);
    std::vector<HeldEvent> appended_after(WorkerId worker, EventId after, std::size_t limit) const;
    Claim claim(WorkerId worker, ClaimLimit limit, std::int64_t number, Time now);
    /// When the earliest unclaimed event is due.
    std::optional<Time> next_due() const;
    std::vector<HeldEvent> claim_reserved(WorkerId worker, SubscriptionId subscription,
                                          std::size_t limit, std::int64_t number);
    void unclaim(WorkerId worker, std::int64_t number, Time now);
    /// The timeout of a subscription.
    using TimeoutOf = std::function<std::chrono::seconds(SubscriptionId)>;
    /// Makes the events that a worker held available to all.
    /// @param low_water that of the worker; it advances past those that were examined
    /// @return the number of events moved; less than `limit` means that none are left
    std::size_t release(WorkerId worker, EventId& low_water, std::size_t limit, Time now,
                        const TimeoutOf& timeout_of);

    // Deletion.

    void erase(EventId id, Time now);
    /// @return the number of events erased; less than `limit` means that none are left
    std::size_t erase_of(SubscriptionId subscription, std::size_t limit, Time now);
    /// Events that were deleted long ago leave their queues: their workers have not reported their
    /// ends.
    void release_deleted(Time now);
    /// @return the number of events examined; less than `limit` means that none are left
    std::size_t erase_old(std::chrono::seconds keep_for, std::size_t limit, Time now);

private:
    /// The ids of a subscription's events.
    const std::set<EventId>& of(SubscriptionId subscription) const;
    void put_row(EventId id, MemoryEvent::Row row);
    void erase_row(EventId id);
    void enter_queue(WorkerId worker, EventId id, Time now, BatchReceipt& receipt);
    /// An event returns to its place in its queue, where it waits again.
    void reenter_queue(EventId id);
    /// Whether the event whose turn it is, in the queue of `id`, is only reserved for its worker.
    bool is_turn_reserved(EventId id) const;
    void free_reserved(EventId id);
    /// No worker can claim it until it is the first one.
    void wait_in_queue(EventId id);
    /// An event has ended: its turn passes to the next one.
    void leave_queue(EventId id, Time now, BatchReceipt& receipt);
    /// Its worker does not hold it any more. It has a row.
    void put_back(EventId id, Time now, BatchReceipt& receipt);
    /// It leaves the worker's memory, and what the worker holds behind it does so, too.
    void reserve(EventId id, Time now, BatchReceipt& receipt);
    /// What follows a claimed event in its queue, and is due.
    void claim_behind(const HeldEvent& leader, std::size_t limit, WorkerId worker,
                      std::int64_t number, Time now, std::vector<HeldEvent>& claimed);
    /// What a worker holds of the queue of `id` waits in storage.
    void return_held(EventId id, Time now, BatchReceipt& receipt);
    /// If no worker holds any of the queue of `id`, workers can claim the first one.
    void release_first(EventId id, BatchReceipt& receipt);
    void release_first(EventId id);
    std::size_t release_held(WorkerId worker, Time now, const TimeoutOf& timeout_of);

    std::map<EventId, MemoryEvent> events_;
    std::map<SubscriptionId, std::set<EventId>> of_subscription_;
    /// Waiting, unclaimed events, by due time.
    std::set<std::pair<Time, EventId>> due_;
    std::set<std::tuple<WorkerId, SubscriptionId, EventId>> reserved_;
    MemoryOrder order_;
    EventId last_event_{};
    RetentionCursor retention_;
    EventId last_purged_{};  ///< Of all events that the retention has deleted.
    std::int64_t purges_ = 0;
};

}  // namespace webhooks::storage
