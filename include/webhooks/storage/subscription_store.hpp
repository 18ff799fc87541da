#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <vector>
#include <webhooks/error.hpp>
#include <webhooks/event_type.hpp>
#include <webhooks/export.hpp>
#include <webhooks/ids.hpp>
#include <webhooks/principal.hpp>
#include <webhooks/query.hpp>
#include <webhooks/secret.hpp>
#include <webhooks/subscription.hpp>
#include <webhooks/time.hpp>

namespace WEBHOOKS_EXPORT webhooks {

/// The changes since a revision, up to another one.
struct Configuration {
    /// The most subscriptions that a part has, unless more of them have the same revision.
    static constexpr std::size_t part_size = 250;

    Revision revision = 0;
    /// There is more: what changed after `revision`. A storage may return parts, so that neither it
    /// nor its caller has all subscriptions in memory at once; or all.
    bool is_part = false;
    /// New and changed subscriptions, active or not.
    std::vector<Subscription> subscriptions = {};
    std::vector<SubscriptionId> deleted = {};
    /// New and changed event types, retired or not, sorted by name; may include unchanged ones.
    std::vector<EventType> event_types = {};
};

/// A message to all workers that changes no configuration: an event was deleted while a worker held
/// it, an endpoint requested a pause, such a pause ended early, a FailingNotice was written, or the
/// payloads of a user were destroyed.
struct Notice {
    std::int64_t number = 0;  ///< Ascending, in the order in which they become visible.
    SubscriptionId subscription{};
    std::optional<EventId> deleted_event = {};
    Revision revision = 0;  ///< As in EndpointState.
    /// `Subscription::notified_failing_since`. Absent, as `deleted_event`: it is about a pause.
    std::optional<Time> notified_failing_since = {};
    std::optional<Time> paused_until = {};  ///< Absent: the pause is over.
    /// Whose payloads were destroyed, of messages up to `shredded_at`; then nothing else is set.
    std::optional<std::string> shredded_user = {};
    Time shredded_at{};
};

inline constexpr std::size_t max_retired_secrets = 4;

/// The part of a Storage that stores subscriptions and event types. Each change increments the
/// revision in its own transaction, which also appends the operational events that tell of it
/// (docs/operational-events.md). webhooks/storage.hpp says what holds for all calls.
class SubscriptionStore {
public:
    virtual ~SubscriptionStore() = default;

    /// Stores everything except `id`, `created_at`, `updated_at` and `revision`, which it assigns.
    /// @param by the caller
    virtual Result<Subscription> insert_subscription(const Principal& by, const Subscription&) = 0;
    /// @return not_found also if the principal may not see it (`Principal::may_see`, which also
    /// knows principals that are limited to one subscription), here and below. Only administrators
    /// see one with an operator's scope.
    virtual Result<Subscription> find_subscription(const Principal&, SubscriptionId) = 0;
    /// Applies the members that are set, atomically, and sets `updated_at`. This resets the stored
    /// state of the endpoint; a new secret also removes retired ones. A change that changes nothing
    /// is applied without an audit record.
    /// @return stale_revision as in `SubscriptionChange::expected_revision`.
    virtual Result<Subscription> update_subscription(const Principal&, SubscriptionId,
                                                     const SubscriptionChange&) = 0;
    /// Replaces the secret. The previous one keeps signing for `overlap`, and earlier ones until
    /// their own time ends: the latest `max_retired_secrets` in total. With 0 only the new one
    /// signs.
    virtual Result<Subscription> rotate_secret(const Principal&, SubscriptionId, const Secret&,
                                               std::chrono::seconds overlap) = 0;
    /// Hides it and its events at once. `maintain` deletes their rows later.
    virtual Result<> delete_subscription(const Principal&, SubscriptionId) = 0;
    virtual Result<Page<Subscription>> list_subscriptions(const Principal&, const ListQuery&) = 0;

    /// Registers a type on behalf of the host: inserts it, or replaces those members that are not
    /// empty in the argument; one that is retired stays as it is. Increments the revision if
    /// anything changed.
    virtual Result<> upsert_event_type(const EventType&) = 0;
    /// Registers a type on behalf of an administrator: inserts it, or replaces all its members; it
    /// is no longer retired. Increments the revision if anything changed. The default
    /// implementation returns `unsupported`.
    virtual Result<EventType> replace_event_type(const Principal& by, const EventType&);
    /// Retires a type. @param force even if active subscriptions have exactly this type
    /// @return not_found also if it is retired already; conflict, with the number of these
    /// subscriptions. The default implementation returns `unsupported`.
    virtual Result<> retire_event_type(const Principal& by, const std::string& name, bool force);

    /// What changed after `since`, or a first part of it; 0 requests everything (and returns no
    /// deletions).
    virtual Result<Configuration> configuration(Revision since) = 0;
    /// The notices after `after`, in order of their numbers, of the last 24 hours at least. The
    /// default implementation returns none: enough for a storage of one running service at a time.
    virtual Result<std::vector<Notice>> notices(std::int64_t after);
};

}  // namespace webhooks
