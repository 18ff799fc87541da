#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>
#include <webhooks/export.hpp>
#include <webhooks/ids.hpp>
#include <webhooks/time.hpp>

namespace WEBHOOKS_EXPORT webhooks {

/// What a host hands to `WebhookService::publish`.
struct Publication {
    /// A registered type; patterns are for subscriptions.
    std::string event_type;
    /// The exact bytes that subscribers receive: UTF-8 without U+0000, at most
    /// `ServiceOptions::max_payload_bytes`. It is not parsed; a host that calls it JSON makes it
    /// so.
    std::string payload;
    /// Sent as `content-type`: 1-128 printable ASCII characters.
    std::string content_type = "application/json";
    /// Whose subscriptions match. Empty: those of the principal or, for an administrator,
    /// everyone's. Another user's id is forbidden to all but administrators.
    std::string user_id = {};
    /// 1-256 printable ASCII characters, or empty for none. Within 24 h the same key of the same
    /// principal with the same content answers the first receipt and publishes nothing; with other
    /// content it is a conflict.
    std::string idempotency_key = {};
    /// Set: the first attempt is made then, not at once. At most 366 days ahead; at once if past.
    std::optional<Time> deliver_at = {};
    /// Set: what has not been delivered by then never will be, and its log says `expired`. After
    /// now and after `deliver_at`; with an idempotency key it is not judged, for that may repeat
    /// what was accepted before it expired.
    std::optional<Time> expires_at = {};
};

/// The answer to a publication. What it names is durable.
struct PublishReceipt {
    /// One event for each active subscription that matched, in the order of their ids.
    std::vector<EventId> event_ids;
    /// True where an idempotency key found an earlier publication.
    bool is_replay = false;
};

/// What an attempt came to. `delivered` .. `expired` are final: only a retry on request reopens.
enum class Outcome : std::uint8_t {
    delivered = 1,  ///< A 2xx answer.
    retry = 2,      ///< It failed; another attempt is due.
    exhausted = 3,  ///< It failed, and the tries are used up.
    cancelled = 4,  ///< No request was made: its subscription was inactive or gone.
    expired = 5,    ///< No request was made: it was no longer wanted at its time.
};

/// Why an attempt failed: how far it came.
enum class FailureReason : std::uint8_t {
    none,       ///< It did not fail.
    lookup,     ///< The host's name led to no address, or not in time.
    address,    ///< The URL or its address is not allowed.
    connect,    ///< No connection came about, or not in time.
    tls,        ///< The TLS handshake failed, or took too long.
    timeout,    ///< The request was sent, and no answer came in time.
    reset,      ///< The connection ended before an answer.
    malformed,  ///< What came was no valid HTTP answer.
    status,     ///< The answer's status was not one of success.
    other,      ///< Anything else, such as a secret that cannot sign.
};
/// The enumerator's name.
std::string_view to_string(FailureReason) noexcept;

/// One row of an event's history. `cancelled` and `expired` rows stand for no request.
struct Attempt {
    int number = 0;  ///< 1, 2, 3 ... within the event.
    Time sent_at{};
    std::chrono::microseconds duration{};
    std::optional<int> status_code = {};       ///< Absent when no answer came.
    std::optional<std::string> response = {};  ///< At most 4 KiB of the body, valid UTF-8.
    std::optional<std::string> error_message = {};
    Outcome outcome = Outcome::retry;
};

/// An event of the log: one message on its way to one subscription. Its state is that of its
/// latest attempt, which tells waiting, delivered, exhausted and cancelled apart.
struct Event {
    EventId id{};
    SubscriptionId subscription_id{};
    std::string event_type;
    std::string payload;
    std::optional<int> status_code = {};
    std::optional<std::string> response = {};
    std::optional<std::string> error_message = {};  ///< Absent after a success.
    bool is_success = false;  ///< Delivered, and not waiting to be sent again.
    int retry_count = 0;      ///< Requests made, less one; never below 0.
    std::optional<Time> sent_at = {};
    std::optional<Time> next_retry_at = {};  ///< Set exactly while a later attempt is due.
    Time created_at{};
};

/// An event with every row of its history, in order.
struct EventHistory {
    Event event;
    std::vector<Attempt> attempts;
};

/// How deliveries to a subscription went in the last 24 hours.
struct DeliveryStatistics {
    std::int64_t attempts = 0;   ///< Requests made.
    std::int64_t successes = 0;  ///< Of these, delivered.
    /// Of all requests, from their start to their answer or failure; 0 where there were none.
    std::chrono::microseconds latency_p50{};
    std::chrono::microseconds latency_p95{};
    std::chrono::microseconds latency_p99{};
    std::int64_t waiting = 0;  ///< Events for which an attempt is due, now or later.
    std::optional<Time> last_failure = {};
    /// Since when no attempt has succeeded; absent while the latest did.
    std::optional<Time> failing_since = {};
    /// Nothing is sent before then: the endpoint asked for it, or failed too often.
    std::optional<Time> paused_until = {};
};

}  // namespace webhooks
