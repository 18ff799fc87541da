#pragma once

/// @file
/// What subscribers hear of a change: one rule for all storages. Pure functions.

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <webhooks/export.hpp>
#include <webhooks/operational.hpp>
#include <webhooks/storage.hpp>

namespace webhooks::storage {

/// Counts in these events stop here.
inline constexpr std::size_t max_counted_events = 100'000;
inline constexpr std::string_view exhausted_type = "webhook.event.exhausted";

/// Something that happened to a subscription or a worker, of which an event can be made.
struct Fact {
    std::string type;
    SubscriptionId subscription{};  ///< 0: it is about a worker.
    /// Whose subscriptions hear of it, next to those with an operator's scope. Empty: only those.
    /// Absent: none, because it is about a subscription to these events itself.
    std::optional<std::string> owner = {};
    std::string subject = {};  ///< The subscription as a JSON object; empty for a worker.
    std::string details = {};  ///< The other members of `data`.
    std::int64_t count = 1;    ///< How often it happened; `details` are those of the latest time.

    bool operator==(const Fact&) const = default;
};

/// The event for a fact. @param since when the first of `fact.count` happened
WEBHOOKS_EXPORT OperationalEvent make_event(const Fact& fact, Time since, Time now);

WEBHOOKS_EXPORT Fact created(const Subscription& subscription, const Principal& by);
/// @return nullopt if nothing differs
WEBHOOKS_EXPORT std::optional<Fact> updated(const Subscription& before, const Subscription& after,
                                            const Principal& by);
WEBHOOKS_EXPORT Fact secret_rotated(const Subscription& subscription, const Principal& by);
WEBHOOKS_EXPORT Fact deleted(const Subscription& subscription, const Principal& by);
WEBHOOKS_EXPORT Fact failing(const Subscription& subscription, const FailingNotice& notice);
/// @param undelivered the number of events that `recover` would resend
WEBHOOKS_EXPORT Fact recovered(const Subscription& subscription, Time::duration failed_for,
                               std::size_t undelivered);
/// @param subscription as it is now @param cancelled the number of events that waited
WEBHOOKS_EXPORT Fact deactivated(const Subscription& subscription, const Deactivation& deactivation,
                                 std::size_t cancelled);

/// The latest event of a subscription that used up its attempts.
struct ExhaustedEvent {
    EventId id{};
    std::uint64_t worker_tag = 0;
    std::string event_type = {};
    Time created_at{};
};
WEBHOOKS_EXPORT Fact exhausted(const Subscription& subscription, const ExhaustedEvent& event,
                               std::int64_t count);

/// @param report its latest one, if it wrote any
WEBHOOKS_EXPORT Fact worker_lost(WorkerId worker, const std::optional<WorkerReport>& report,
                                 std::int64_t taken_over);

}  // namespace webhooks::storage
