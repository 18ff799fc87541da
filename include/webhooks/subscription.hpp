#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>
#include <webhooks/event.hpp>
#include <webhooks/export.hpp>
#include <webhooks/header.hpp>
#include <webhooks/ids.hpp>
#include <webhooks/retry_on.hpp>
#include <webhooks/secret.hpp>
#include <webhooks/time.hpp>

namespace WEBHOOKS_EXPORT webhooks {

/// A replaced secret that still signs.
struct RetiredSecret {
    Secret secret;
    Time expires_at{};
};

inline constexpr int max_rate_limit = 100'000;
inline constexpr std::chrono::seconds max_subscription_timeout{60};
inline constexpr std::size_t max_payload_filter_bytes = 2048;

/// Why a subscription is inactive.
enum class DeactivationReason : std::uint8_t {
    gone,     ///< Its endpoint responded with 410.
    failing,  ///< Its endpoint has only failed for `ServiceOptions::deactivate_after`.
    user,     ///< A caller deactivated it, or created it inactive.
};
/// The enumerator's name.
std::string_view to_string(DeactivationReason) noexcept;

/// How events reach a subscriber.
enum class Delivery : std::uint8_t {
    push,  ///< They are sent to the URL of the subscription.
    pull,  ///< They are only read from its feed (docs/feed.md).
};
/// The enumerator's name.
std::string_view to_string(Delivery) noexcept;

/// What a subscription is shown and counted as: the first of these that applies.
enum class SubscriptionState : std::uint8_t {
    inactive,  ///< `Subscription::is_active` is false.
    failing,   ///< `Subscription::failing_since` is set, whether it is paused or not.
    paused,    ///< `Subscription::paused_until` is in the future.
    active,
};

/// A user's request to receive events of a type at a URL, or by its feed.
struct Subscription {
    SubscriptionId id{};
    std::string name = {};  ///< 1-256 characters.
    /// A registered type, `*`, or a prefix ending in `.*`. `*` matches no type of
    /// `operational_event_types`.
    std::string event_type = {};
    /// A condition on `eventType` and the payload that events must meet as well; empty: none. At
    /// most `max_payload_filter_bytes`. Judged once, when an event is published
    /// (docs/payload-filters.md).
    std::string filter = {};
    /// Fixed when it is created. With `pull` nothing is attempted: its events are available in the
    /// feed at once, and count as successes without attempts.
    Delivery delivery = Delivery::push;
    std::string url = {};  ///< As given; empty with `Delivery::pull`.
    Secret secret = {};    ///< Signs the deliveries.
    Headers headers = {};
    int max_retry_count = 0;  ///< Attempts after the first, 0-100.
    bool is_active = true;
    int rate_limit = 0;  ///< Maximum requests per second, 1 - `max_rate_limit`; 0: no limit.
    /// For a whole attempt, 1 s - `max_subscription_timeout`; 0: the transport's default.
    std::chrono::seconds timeout{0};
    RetryOn retry_on = {};
    /// It receives operational events of everyone's subscriptions and of workers. Only
    /// administrators see and change it.
    bool operator_scope = false;
    std::string user_id = {};  ///< The owner.
    Time created_at{};
    Time updated_at{};
    /// Storage's revision at its latest change: identifies its version.
    Revision revision = 0;
    /// Newest first; those whose time has passed do not sign any more.
    std::vector<RetiredSecret> retired_secrets = {};
    /// The time since when no attempt has succeeded; absent if the latest one has.
    std::optional<Time> failing_since = {};
    /// Nothing is sent before this time: the endpoint asked for the pause, or failed too often.
    std::optional<Time> paused_until = {};
    /// Since when it fails, if `webhook.subscription.failing` told of it and no attempt has
    /// succeeded after that.
    std::optional<Time> notified_failing_since = {};
    /// Set while it is inactive, unless it has been since before this was recorded.
    std::optional<DeactivationReason> deactivation_reason = {};
    std::optional<Time> deactivated_at = {};  ///< Set together with `deactivation_reason`.
    /// The newest 100, newest first, if the query included them; otherwise empty.
    std::vector<Event> recent_events = {};
    /// Its stored secrets and header values cannot be decrypted: they are empty here, and its
    /// events wait until it gets a new secret and new headers.
    bool is_unreadable = false;
    /// Used inside a storage: the data key that encrypts its secrets. 0: they are in plain text.
    std::int64_t key_id = 0;
};

SubscriptionState state_of(const Subscription& subscription, Time now) noexcept;

/// The argument of `WebhookService::create_subscription`. Members as in `Subscription`.
struct SubscriptionDraft {
    std::string name;
    std::string event_type;
    std::string filter = {};
    std::string url = {};  ///< Required, but empty with `Delivery::pull`.
    /// 1-256 printable ASCII characters; one that begins with `whsec_` must continue with base64 of
    /// 24-64 bytes. Absent: a new `whsec_` secret of 32 random bytes is generated.
    std::optional<Secret> secret = {};
    Headers headers = {};
    std::optional<int> max_retry_count =
        {};  ///< Absent: `ServiceOptions::default_max_retry_count`.
    bool is_active = true;
    int rate_limit = 0;
    std::chrono::seconds timeout{0};
    RetryOn retry_on = {};
    /// Only administrators may set it, for a pattern that begins with `webhook.`.
    bool operator_scope = false;
    Delivery delivery = Delivery::push;
    /// Whose it is: only administrators name another user. Empty: the caller.
    std::string user_id = {};
};

/// The argument of `WebhookService::update_subscription`: an absent member keeps its value.
struct SubscriptionChange {
    std::optional<std::string> name = {};
    std::optional<std::string> event_type = {};
    std::optional<std::string> filter = {};
    std::optional<std::string> url = {};
    std::optional<Secret> secret = {};
    std::optional<Headers> headers = {};
    std::optional<int> max_retry_count = {};
    std::optional<bool> is_active = {};
    std::optional<int> rate_limit = {};
    std::optional<std::chrono::seconds> timeout = {};
    std::optional<RetryOn> retry_on = {};
    std::optional<bool> operator_scope = {};
    std::optional<Delivery> delivery = {};  ///< Only the value that it has.
    /// Only if `Subscription::revision` is this; otherwise storage returns `stale_revision`.
    /// `WebhookService` sets it.
    std::optional<Revision> expected_revision = {};
};

}  // namespace webhooks
