#include <algorithm>
#include <delivery/fair_queue.hpp>

namespace webhooks::delivery {

void FairQueue::push(const std::string& host_name, HeldEvent event, SteadyTime now) {
    std::unique_ptr<Host>& slot = hosts_[host_name];
    if (!slot) {
        slot = std::make_unique<Host>();
        slot->name = host_name;
    }
    Host& host = *slot;
    const SubscriptionId subscription = event.subscription;
    std::deque<Entry>& queue = host.queues[subscription];
    if (queue.empty()) host.turns.push_back(subscription);
    queue.push_back({std::move(event), now});
    ++size_;
    update_place(host);
}

std::optional<FairQueue::Turn> FairQueue::next() {
    if (turns_.empty()) return std::nullopt;
    Host& host = *turns_.front();
    turns_.pop_front();
    host.place.reset();
    Turn turn{.event = pop_from(host), .host = host.name};
    ++host.in_flight;
    update_place(host);
    return turn;
}

HeldEvent FairQueue::pop_from(Host& host) {
    const SubscriptionId subscription = host.turns.front();
    host.turns.pop_front();
    const auto queue = host.queues.find(subscription);
    HeldEvent event = std::move(queue->second.front().event);
    queue->second.pop_front();
    if (queue->second.empty()) {
        host.queues.erase(queue);
    } else {
        host.turns.push_back(subscription);
    }
    --size_;
    return event;
}

void FairQueue::finished(const std::string& host_name) {
    const auto found = hosts_.find(host_name);
    if (found == hosts_.end() || found->second->in_flight == 0) return;
    Host& host = *found->second;
    --host.in_flight;
    update_place(host);
    forget_if_idle(host);
}

std::vector<HeldEvent> FairQueue::take_older_than(SteadyTime limit) {
    std::vector<HeldEvent> taken;
    std::vector<Host*> touched;
    for (const auto& [name, host] : hosts_) {
        const std::size_t before = taken.size();
        for (auto& [subscription, queue] : host->queues) {
            while (!queue.empty() && queue.front().since < limit) {
                taken.push_back(std::move(queue.front().event));
                queue.pop_front();
            }
        }
        if (taken.size() != before) touched.push_back(host.get());
    }
    size_ -= taken.size();
    for (Host* host : touched) {
        settle(*host);
    }
    return taken;
}

std::optional<HeldEvent> FairQueue::take(SubscriptionId subscription, EventId event) {
    for (const auto& [name, host] : hosts_) {
        const auto queue = host->queues.find(subscription);
        if (queue == host->queues.end()) continue;
        const auto entry = std::ranges::find(queue->second, event,
                                             [](const Entry& waiting) { return waiting.event.id; });
        if (entry == queue->second.end()) continue;
        HeldEvent taken = std::move(entry->event);
        queue->second.erase(entry);
        --size_;
        settle(*host);
        return taken;
    }
    return std::nullopt;
}

/// After events were taken out of turn.
void FairQueue::settle(Host& host) {
    std::erase_if(host.queues, [](const auto& entry) { return entry.second.empty(); });
    std::erase_if(host.turns, [&](SubscriptionId id) { return !host.queues.contains(id); });
    update_place(host);
    forget_if_idle(host);
}

void FairQueue::clear() {
    turns_.clear();
    hosts_.clear();
    size_ = 0;
}

void FairQueue::update_place(Host& host) {
    const bool has_turn = !host.turns.empty() && host.in_flight < host_limit_;
    if (has_turn && !host.place) {
        host.place = turns_.insert(turns_.end(), &host);
    } else if (!has_turn && host.place) {
        turns_.erase(*host.place);
        host.place.reset();
    }
}

void FairQueue::forget_if_idle(Host& host) {
    if (host.in_flight == 0 && host.queues.empty()) hosts_.erase(std::string(host.name));
}

}  // namespace webhooks::delivery
