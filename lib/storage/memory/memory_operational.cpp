#include <storage/memory/memory_operational.hpp>

#include <algorithm>
#include <iterator>

namespace webhooks::storage {

std::vector<SubscriptionId> MemoryOperationalTable::recipients(const OperationalEvent& event,
                                                               const std::string& owner) {
    return subscriptions_.recipients(event, owner);
}

void MemoryOperationalTable::append(const Message& message,
                                    const std::vector<SubscriptionId>& subscriptions, Time now) {
    Append append{.message = std::make_shared<const Message>(message),
                  .subscriptions = subscriptions,
                  .due = now};
    std::ranges::copy_if(subscriptions, std::back_inserter(append.pulled),
                         [&](SubscriptionId id) { return subscriptions_.is_pulled(id); });
    std::vector<EventId> waiting;
    log_.append({.tag = random_.next()}, append, {log_.last_event().value + 1}, now, waiting);
}

std::optional<PendingFact> MemoryOperationalTable::find_pending(SubscriptionId id,
                                                                const std::string& type) {
    const auto found = pending_.find({id, type});
    return found == pending_.end() ? std::nullopt : std::optional(found->second);
}

void MemoryOperationalTable::put_pending(const PendingFact& pending) {
    pending_.insert_or_assign({pending.fact.subscription, pending.fact.type}, pending);
}

void MemoryOperationalTable::erase_pending(const PendingFact& pending) {
    pending_.erase({pending.fact.subscription, pending.fact.type});
}

std::vector<PendingFact> MemoryOperationalTable::due_pending(Time now, std::size_t limit) {
    std::vector<PendingFact> due;
    for (const auto& [key, pending] : pending_) {
        if (due.size() == limit) break;
        if (pending.due <= now) due.push_back(pending);
    }
    return due;
}

}  // namespace webhooks::storage
