#pragma once

#include <map>
#include <memory>
#include <storage/memory/memory_log.hpp>
#include <storage/memory/memory_subscriptions.hpp>
#include <storage/operational_writer.hpp>
#include <string>
#include <utility>
#include <webhooks/random.hpp>

namespace webhooks::storage {

/// What waits to become an operational event, and how events are appended. Not thread-safe.
class MemoryOperationalTable final : public OperationalTable {
public:
    /// The parts must outlive this object.
    MemoryOperationalTable(const MemorySubscriptions& subscriptions, MemoryLog& log, Random& random)
        : subscriptions_(subscriptions), log_(log), random_(random) {}

    std::vector<SubscriptionId> recipients(const OperationalEvent& event,
                                           const std::string& owner) override;
    void append(const Message&, const std::vector<SubscriptionId>&, Time now) override;
    std::optional<PendingFact> find_pending(SubscriptionId, const std::string& type) override;
    void put_pending(const PendingFact&) override;
    void erase_pending(const PendingFact&) override;
    std::vector<PendingFact> due_pending(Time now, std::size_t limit) override;
    MinuteCount minute_count() override { return minute_count_; }
    void set_minute_count(const MinuteCount& count) override { minute_count_ = count; }

private:
    const MemorySubscriptions& subscriptions_;
    MemoryLog& log_;
    Random& random_;
    std::map<std::pair<SubscriptionId, std::string>, PendingFact> pending_;
    MinuteCount minute_count_;
};

}  // namespace webhooks::storage
