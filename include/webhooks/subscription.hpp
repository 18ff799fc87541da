#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>
#include <webhooks/event.hpp>
#include <webhooks/export.hpp>
#include <webhooks/ids.hpp>
#include <webhooks/retry_on.hpp>
#include <webhooks/secret.hpp>
#include <webhooks/time.hpp>

namespace WEBHOOKS_EXPORT webhooks {

/// A header that a subscription adds to each request. The rules are those of
/// docs/security.md: names are RFC 9110 tokens that are not ours or the connection's.
struct Header {
    std::string name;
    std::string value;

    bool operator==(const Header&) const = default;
};
using Headers = std::vector<Header>;

/// A secret that goes on signing beside its successor.
struct RetiredSecret {
    Secret secret;
    Time expires_at{};
};

inline constexpr int max_rate_limit = 100'000;
inline constexpr std::chrono::seconds max_subscription_timeout{60};

/// A user's wish to have events of a type sent to a URL.
struct Subscription {
    SubscriptionId id{};
    std::string name = {};        ///< 1-256 characters.
    std::string event_type = {};  ///< A registered type, `*`, or a prefix ending in `.*`.
    std::string url = {};         ///< As it was given.
    Secret secret = {};           ///< What deliveries are signed with.
    Headers headers = {};
    int max_retry_count = 0;  ///< Attempts after the first, 0-100.
    bool is_active = true;
    int rate_limit = 0;  ///< Requests per second at most, 1 - `max_rate_limit`; 0: no limit.
    /// For a whole attempt, 1 s - `max_subscription_timeout`; 0: what the transport has by default.
    std::chrono::seconds timeout{0};
    RetryOn retry_on = {};
    std::string user_id = {};  ///< The owner.
    Time created_at{};
    Time updated_at{};
    /// Storage's revision at its latest change: tells its versions apart.
    Revision revision = 0;
    /// Newest first; those past their time sign no more.
    std::vector<RetiredSecret> retired_secrets = {};
    /// Since when no attempt has succeeded; absent while the latest did.
    std::optional<Time> failing_since = {};
    /// Nothing is sent before then: the endpoint asked for it, or failed too often.
    std::optional<Time> paused_until = {};
    /// The newest 100, newest first, where the query included them; else empty.
    std::vector<Event> recent_events = {};
};

/// What `WebhookService::create_subscription` takes. Members as in `Subscription`.
struct SubscriptionDraft {
    std::string name;
    std::string event_type;
    std::string url;
    /// 1-256 printable ASCII characters; one that begins with `whsec_` must go on with base64 of
    /// 24-64 bytes. Absent: a new `whsec_` secret of 32 random bytes is made.
    std::optional<Secret> secret = {};
    Headers headers = {};
    std::optional<int> max_retry_count =
        {};  ///< Absent: `ServiceOptions::default_max_retry_count`.
    bool is_active = true;
    int rate_limit = 0;
    std::chrono::seconds timeout{0};
    RetryOn retry_on = {};
};

/// What `WebhookService::update_subscription` takes: an absent member keeps its value.
struct SubscriptionChange {
    std::optional<std::string> name = {};
    std::optional<std::string> event_type = {};
    std::optional<std::string> url = {};
    std::optional<Secret> secret = {};
    std::optional<Headers> headers = {};
    std::optional<int> max_retry_count = {};
    std::optional<bool> is_active = {};
    std::optional<int> rate_limit = {};
    std::optional<std::chrono::seconds> timeout = {};
    std::optional<RetryOn> retry_on = {};
};

}  // namespace webhooks
