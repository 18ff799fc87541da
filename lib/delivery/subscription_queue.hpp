#pragma once

#include <algorithm>
#include <cstddef>
#include <delivery/health.hpp>
#include <delivery/intrusive_list.hpp>
#include <delivery/rate_limit.hpp>
#include <list>
#include <map>
#include <optional>
#include <string>
#include <webhooks/ids.hpp>
#include <webhooks/storage.hpp>
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

/// The events of one subscription that wait in memory, and the state that determines their next
/// turn.
struct SubscriptionQueue {
    struct Entry {
        HeldEvent event;
        SteadyTime since;
    };

    /// When queues open; of those that open together, the one that was noted first.
    using Timers = std::multimap<SteadyTime, SubscriptionQueue*>;

    explicit SubscriptionQueue(QueueKey queue_key) : key(queue_key) {}

    const QueueKey key;
    std::list<Entry> events;
    std::size_t in_flight = 0;

    Health health;
    RateLimit rate;
    int rate_limit = 0;                            ///< Requests per second; 0: no limit.
    SteadyTime delayed_until = SteadyTime::min();  ///< After a local error.
    /// When pauses end, in storage's time. What endpoints ask for comes from other workers, too.
    std::optional<Time> paused_until;  ///< The latest one that was noted.
    std::optional<Time> asked_until;   ///< The latest one that the endpoint asked for.
    std::optional<Time> heard_until;   ///< As the subscription had it when it was looked at last.
    std::optional<Time> failing_since;
    int failures = 0;  ///< Since then.
    bool is_reported_as_failing = false;
    /// Until this time no new failure is reported.
    SteadyTime next_report = SteadyTime::min();
    /// The version of the subscription that the health belongs to.
    Revision version = -1;

    std::size_t deferred = 0;  ///< Events for this queue that wait in storage.
    std::size_t wanted = 0;    ///< Of these, requested and not read yet.
    std::size_t deferred_since_request = 0;
    /// Links the queues that wait for memory to read back deferred events.
    ListHook<SubscriptionQueue> starved_hook{this};

    // Its position in the scheduler; see FairScheduler.
    Host* host = nullptr;
    Owner* owner = nullptr;
    ListHook<SubscriptionQueue> turn{this};
    std::optional<Timers::iterator> timer;

    /// When its next event may go, as far as this queue decides it.
    SteadyTime ready_at() const {
        return std::max({health.blocked_until, delayed_until, rate.next(rate_limit)});
    }
    /// An open breaker lets one request through at a time.
    bool waits_for_probe() const { return health.is_open && in_flight > 0; }
};

}  // namespace webhooks::delivery

template <>
struct std::hash<webhooks::delivery::QueueKey> {
    std::size_t operator()(const webhooks::delivery::QueueKey& key) const noexcept {
        return std::hash<std::int64_t>{}(key.subscription.value * 2 + (key.is_test ? 1 : 0));
    }
};
