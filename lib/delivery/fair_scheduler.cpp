#include <algorithm>
#include <delivery/fair_scheduler.hpp>
#include <numeric>

namespace webhooks::delivery {
namespace {

std::size_t index(SlotClass slot_class) {
    return static_cast<std::size_t>(slot_class);
}

/// If memory is exhausted, the map is unchanged.
template <class Named>
Named& find_or_make(std::unordered_map<std::string, std::unique_ptr<Named>>& map,
                    const std::string& name) {
    const auto found = map.find(name);
    if (found != map.end()) return *found->second;
    auto made = std::make_unique<Named>();
    made->name = name;
    return *map.emplace(name, std::move(made)).first->second;
}

}  // namespace

FairScheduler::FairScheduler(std::size_t max_in_flight, std::size_t max_in_flight_per_host)
    : host_limit_(max_in_flight_per_host),
      // Of proven, shaky, unproven and failing queues.
      limits_{max_in_flight, max_in_flight, std::max<std::size_t>(max_in_flight / 2, 1),
              std::max<std::size_t>(max_in_flight / 4, 1)} {}

void FairScheduler::assign_host(SubscriptionQueue& queue, const std::string& name,
                                const std::string& owner_name) {
    Owner& owner = find_or_make(owners_, owner_name);
    Host& host = find_or_make(hosts_, name);
    // Count first, so that `remove` does not erase the host or owner that it already has.
    ++owner.queues;
    ++host.queues;
    remove(queue);
    queue.schedule.owner_ = &owner;
    queue.schedule.host_ = &host;
}

void FairScheduler::remove(SubscriptionQueue& queue) {
    leave(queue);
    if (!queue.schedule.host_) return;
    Host& host = *std::exchange(queue.schedule.host_, nullptr);
    --host.queues;
    update(host);
    forget_if_idle(host);
    Owner& owner = *std::exchange(queue.schedule.owner_, nullptr);
    --owner.queues;
    forget_if_idle(owner);
}

void FairScheduler::leave(SubscriptionQueue& queue) {
    queue.schedule.turn_.leave();
    if (queue.schedule.timer_) timers_.erase(*queue.schedule.timer_);
    queue.schedule.timer_.reset();
}

void FairScheduler::reschedule(SubscriptionQueue& queue, SteadyTime now) {
    leave(queue);
    const bool has_work = !queue.events.empty() || queue.backlog.has_more();
    if (has_work && !queue.waits_for_probe()) {
        const SteadyTime ready_at = queue.ready_at();
        if (ready_at > now) {
            queue.schedule.timer_ = timers_.emplace(ready_at, &queue);
        } else if (!queue.events.empty()) {
            queue.schedule.turn_.enter(
                queue.schedule.host_->ready[index(queue.health.slot_class())]);
        }
    }
    update(*queue.schedule.host_);
}

void FairScheduler::update(Host& host) {
    for (std::size_t slot_class = 0; slot_class < slot_classes; ++slot_class) {
        const bool has_turn = !host.ready[slot_class].empty() && host.in_flight < host.limit;
        if (has_turn && !host.turns[slot_class].is_linked())
            host.turns[slot_class].enter(ready_hosts_[slot_class]);
        if (!has_turn) host.turns[slot_class].leave();
    }
}

std::size_t FairScheduler::all_in_flight() const {
    return std::accumulate(in_flight_.begin(), in_flight_.end(), std::size_t{0});
}

bool FairScheduler::has_slot(SlotClass slot_class) const {
    return all_in_flight() < limits_[0] &&
           in_flight_[index(slot_class)] < limits_[index(slot_class)];
}

/// @pre has_slot(slot_class)
bool FairScheduler::may_begin(const Owner& owner, SlotClass slot_class) const {
    if (owner.name.empty()) return true;
    const std::size_t of_owner =
        std::accumulate(owner.in_flight.begin(), owner.in_flight.end(), std::size_t{0});
    return of_owner < 3 * (limits_[0] - all_in_flight()) &&
           owner.in_flight[index(slot_class)] <
               3 * (limits_[index(slot_class)] - in_flight_[index(slot_class)]);
}

void FairScheduler::hold(SubscriptionQueue& queue) {
    queue.schedule.turn_.enter(queue.schedule.owner_->held);
    if (!queue.schedule.owner_->holding.is_linked()) queue.schedule.owner_->holding.enter(holding_);
}

/// One queue of each owner: its request may use up the owner's limit.
bool FairScheduler::release_held() {
    bool has_released = false;
    for (auto place = holding_.begin(); place != holding_.end();) {
        Owner& owner = **place++;
        if (!owner.held.empty()) {
            SubscriptionQueue& queue = *owner.held.front();
            const SlotClass slot_class = queue.health.slot_class();
            if (has_slot(slot_class) && may_begin(owner, slot_class)) {
                queue.schedule.turn_.enter(queue.schedule.host_->ready[index(slot_class)]);
                update(*queue.schedule.host_);
                has_released = true;
            } else {
                queue.schedule.turn_.enter(owner.held);  // A queue of another class may be next.
            }
        }
        if (owner.held.empty()) owner.holding.leave();
    }
    return has_released;
}

SubscriptionQueue* FairScheduler::next() {
    do {
        if (SubscriptionQueue* queue = next_ready()) return queue;
    } while (release_held());
    return nullptr;
}

SubscriptionQueue* FairScheduler::next_ready() {
    for (std::size_t i = 1; i <= slot_classes; ++i) {
        const std::size_t slot_class = (last_class_ + i) % slot_classes;
        while (!ready_hosts_[slot_class].empty() && has_slot(static_cast<SlotClass>(slot_class))) {
            Host& host = *ready_hosts_[slot_class].front();
            SubscriptionQueue& queue = *host.ready[slot_class].front();
            queue.schedule.turn_.leave();
            host.turns[slot_class].leave();
            update(host);
            if (may_begin(*queue.schedule.owner_, static_cast<SlotClass>(slot_class))) {
                last_class_ = slot_class;
                return &queue;
            }
            hold(queue);
        }
    }
    return nullptr;
}

FairScheduler::Slot FairScheduler::begin(SubscriptionQueue& queue) {
    const Slot slot{.queue = &queue,
                    .host = queue.schedule.host_,
                    .owner = queue.schedule.owner_,
                    .slot_class = queue.health.slot_class()};
    ++queue.schedule.in_flight_;
    ++slot.owner->in_flight[index(slot.slot_class)];
    ++slot.host->in_flight;
    ++in_flight_[index(slot.slot_class)];
    update(*slot.host);
    return slot;
}

void FairScheduler::adjust_limit(const Slot& slot, bool is_answered) {
    std::size_t& limit = slot.host->limit;
    limit = is_answered ? std::min(limit * 2, host_limit_) : std::max<std::size_t>(limit / 2, 1);
}

void FairScheduler::end(const Slot& slot) {
    Host& host = *slot.host;
    --slot.queue->schedule.in_flight_;
    --host.in_flight;
    --in_flight_[index(slot.slot_class)];
    --slot.owner->in_flight[index(slot.slot_class)];
    update(host);
    forget_if_idle(host);
    forget_if_idle(*slot.owner);
    // A slot is free: owners that were at their limit may have more requests.
    release_held();
}

void FairScheduler::forget_requests(SubscriptionQueue& queue) {
    queue.schedule.in_flight_ = 0;
}

void FairScheduler::end_all() {
    in_flight_.fill(0);
    for (const auto& [name, host] : hosts_) {
        host->in_flight = 0;
        update(*host);
    }
    std::erase_if(hosts_, [](const auto& entry) { return entry.second->queues == 0; });
    for (const auto& [name, owner] : owners_) {
        owner->in_flight.fill(0);
    }
    std::erase_if(owners_, [](const auto& entry) { return entry.second->queues == 0; });
}

std::optional<SteadyTime> FairScheduler::next_wakeup() const {
    return timers_.empty() ? std::nullopt : std::optional(timers_.begin()->first);
}

SubscriptionQueue* FairScheduler::pop_ready(SteadyTime now) {
    if (timers_.empty() || timers_.begin()->first > now) return nullptr;
    SubscriptionQueue* queue = timers_.begin()->second;
    leave(*queue);
    return queue;
}

void FairScheduler::forget_if_idle(Owner& owner) {
    const bool is_idle =
        std::ranges::all_of(owner.in_flight, [](auto count) { return count == 0; });
    if (owner.queues != 0 || !is_idle) return;
    owners_.erase(owners_.find(owner.name));
}

void FairScheduler::forget_if_idle(Host& host) {
    if (host.queues == 0 && host.in_flight == 0) hosts_.erase(hosts_.find(host.name));
}

}  // namespace webhooks::delivery
