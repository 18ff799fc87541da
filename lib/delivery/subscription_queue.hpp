#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <delivery/backlog.hpp>
#include <delivery/endpoint.hpp>
#include <delivery/endpoint_health.hpp>
#include <delivery/event_rules.hpp>
#include <delivery/intrusive_list.hpp>
#include <delivery/rate_limit.hpp>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <webhooks/ids.hpp>
#include <webhooks/storage/delivery_log.hpp>
#include <webhooks/time.hpp>

namespace webhooks::delivery {

struct Host;
struct Owner;

/// The key of a queue: the events of a subscription. Its test events have a queue of their own,
/// which is never blocked.
struct QueueKey {
    SubscriptionId subscription{};
    bool is_test = false;

    bool operator==(const QueueKey&) const = default;
};

struct SubscriptionQueue;

/// A queue's place in the scheduler, which alone changes it.
class QueueSchedule {
public:
    explicit QueueSchedule(SubscriptionQueue* queue) : turn_(queue) {}

    /// Null before the scheduler has assigned them.
    Host* host() const noexcept { return host_; }
    Owner* owner() const noexcept { return owner_; }
    std::size_t in_flight() const noexcept { return in_flight_; }

private:
    friend class FairScheduler;

    /// When queues open; of those that open together, the one that was noted first.
    using Timers = std::multimap<SteadyTime, SubscriptionQueue*>;

    Host* host_ = nullptr;
    Owner* owner_ = nullptr;
    std::size_t in_flight_ = 0;
    ListHook<SubscriptionQueue> turn_;
    std::optional<Timers::iterator> timer_;
};

/// The events of one subscription that wait in memory, and the state that determines their next
/// turn.
struct SubscriptionQueue {
    struct Entry {
        HeldEvent event;
        SteadyTime since;
    };

    explicit SubscriptionQueue(QueueKey queue_key)
        : key(queue_key), health(queue_key.subscription) {}

    const QueueKey key;
    std::list<Entry> events;
    std::shared_ptr<const Endpoint> endpoint;  ///< Its current version; null if it was deleted.
    /// `Endpoints::changes` when that was found out.
    std::optional<std::uint64_t> refreshed_at;
    std::size_t behind = 0;  ///< Further events in memory, behind others with their ordering key.
    Backlog backlog;
    /// Links the queues that wait for memory to read back their backlog.
    ListHook<SubscriptionQueue> starved_hook{this};
    EndpointHealth health;
    RateLimit rate;
    int rate_limit = 0;                            ///< Requests per second; 0: no limit.
    SteadyTime delayed_until = SteadyTime::min();  ///< After a local error.
    QueueSchedule schedule{this};

    /// When its next event may go, as far as this queue decides it.
    SteadyTime ready_at() const {
        return std::max({health.blocked_until, delayed_until, rate.next(rate_limit)});
    }
    /// A request is in flight, or an event whose resend was requested goes first.
    bool may_probe() const {
        return schedule.in_flight() > 0 || (!events.empty() && is_reopened(events.front().event));
    }
    /// An open breaker lets one request through at a time.
    bool waits_for_probe() const { return health.is_open && schedule.in_flight() > 0; }
    bool is_idle() const {
        return events.empty() && behind == 0 && backlog.size() == 0 && schedule.in_flight() == 0;
    }
};

}  // namespace webhooks::delivery

template <>
struct std::hash<webhooks::delivery::QueueKey> {
    std::size_t operator()(const webhooks::delivery::QueueKey& key) const noexcept {
        return std::hash<std::int64_t>{}(key.subscription.value * 2 + (key.is_test ? 1 : 0));
    }
};
