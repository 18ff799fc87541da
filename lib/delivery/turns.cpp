#include <algorithm>
#include <delivery/turns.hpp>
#include <numeric>

namespace webhooks::delivery {
namespace {

std::size_t index(Share share) {
    return static_cast<std::size_t>(share);
}

}  // namespace

Turns::Turns(std::size_t max_in_flight, std::size_t max_in_flight_per_host)
    : host_limit_(max_in_flight_per_host),
      limits_{max_in_flight, max_in_flight, std::max<std::size_t>(max_in_flight / 2, 1),
              std::max<std::size_t>(max_in_flight / 4, 1)} {}

void Turns::place(Lane& lane, const std::string& name) {
    remove(lane);
    std::unique_ptr<Host>& host = hosts_[name];
    if (!host) {
        host = std::make_unique<Host>();
        host->name = name;
    }
    ++host->lanes;
    lane.host = host.get();
}

void Turns::remove(Lane& lane) {
    leave(lane);
    if (!lane.host) return;
    Host& host = *std::exchange(lane.host, nullptr);
    --host.lanes;
    update(host);
    forget_if_idle(host);
}

void Turns::leave(Lane& lane) {
    lane.turn.leave();
    if (lane.timer) timers_.erase({*lane.timer, &lane});
    lane.timer.reset();
}

void Turns::settle(Lane& lane, SteadyTime now) {
    leave(lane);
    const bool has_work = !lane.queue.empty() || lane.deferred > lane.wanted;
    if (has_work && !lane.waits_for_probe()) {
        const SteadyTime opens_at = lane.opens_at();
        if (opens_at > now) {
            lane.timer = opens_at;
            timers_.emplace(opens_at, &lane);
        } else if (!lane.queue.empty()) {
            lane.turn.enter(lane.host->ready[index(lane.health.share())]);
        }
    }
    update(*lane.host);
}

void Turns::update(Host& host) {
    for (std::size_t share = 0; share < shares; ++share) {
        const bool has_turn = !host.ready[share].empty() && host.in_flight < host.limit;
        if (has_turn && !host.turns[share].is_in_ring()) host.turns[share].enter(rings_[share]);
        if (!has_turn) host.turns[share].leave();
    }
}

bool Turns::has_slot(Share share) const {
    const std::size_t all = std::accumulate(in_flight_.begin(), in_flight_.end(), std::size_t{0});
    return all < limits_[0] && in_flight_[index(share)] < limits_[index(share)];
}

Lane* Turns::next() {
    for (std::size_t i = 1; i <= shares; ++i) {
        const std::size_t share = (last_share_ + i) % shares;
        if (rings_[share].empty() || !has_slot(static_cast<Share>(share))) continue;
        last_share_ = share;
        Host& host = *rings_[share].front();
        Lane& lane = *host.ready[share].front();
        lane.turn.leave();
        host.turns[share].leave();
        update(host);
        return &lane;
    }
    return nullptr;
}

Turns::Slot Turns::begin(Lane& lane) {
    const Slot slot{.host = lane.host, .share = lane.health.share()};
    ++lane.in_flight;
    ++slot.host->in_flight;
    ++in_flight_[index(slot.share)];
    update(*slot.host);
    return slot;
}

void Turns::note_answer(const Slot& slot, bool is_answered) {
    std::size_t& limit = slot.host->limit;
    limit = is_answered ? std::min(limit * 2, host_limit_) : std::max<std::size_t>(limit / 2, 1);
}

void Turns::end(const Slot& slot) {
    Host& host = *slot.host;
    --host.in_flight;
    --in_flight_[index(slot.share)];
    update(host);
    forget_if_idle(host);
}

void Turns::end_all() {
    in_flight_.fill(0);
    for (const auto& [name, host] : hosts_) {
        host->in_flight = 0;
        update(*host);
    }
    std::erase_if(hosts_, [](const auto& entry) { return entry.second->lanes == 0; });
}

std::optional<SteadyTime> Turns::next_timer() const {
    return timers_.empty() ? std::nullopt : std::optional(timers_.begin()->first);
}

Lane* Turns::take_opened(SteadyTime now) {
    if (timers_.empty() || timers_.begin()->first > now) return nullptr;
    Lane* lane = timers_.begin()->second;
    leave(*lane);
    return lane;
}

void Turns::forget_if_idle(Host& host) {
    if (host.lanes == 0 && host.in_flight == 0) hosts_.erase(std::string(host.name));
}

}  // namespace webhooks::delivery
