#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>
#include <webhooks/export.hpp>
#include <webhooks/header.hpp>
#include <webhooks/ids.hpp>
#include <webhooks/time.hpp>
#include <webhooks/trace.hpp>

namespace WEBHOOKS_EXPORT webhooks {

/// The argument of `WebhookService::publish`.
struct Publication {
    /// A registered type; patterns are only for subscriptions.
    std::string event_type;
    /// The exact bytes that subscribers receive: UTF-8 without U+0000, at most
    /// `ServiceOptions::max_payload_bytes`. It is not parsed: if the content type is JSON, the host
    /// makes sure that it is valid.
    std::string payload;
    /// Sent as `content-type`: 1-128 printable ASCII characters.
    std::string content_type = "application/json";
    /// The owner of the subscriptions that can match. Empty: the principal or, for an
    /// administrator, all users. Only administrators may name another user.
    std::string user_id = {};
    /// 1-256 printable ASCII characters, or empty for none. Within 24 h, the same key of the same
    /// principal with the same content returns the first receipt and publishes nothing; with other
    /// content it is a conflict.
    std::string idempotency_key = {};
    /// The time of the first attempt; absent or past: at once. At most 366 days ahead.
    std::optional<Time> deliver_at = {};
    /// The time after which the event is not sent any more; its log then says `expired`. Must be
    /// later than now and `deliver_at`. With an idempotency key this is not checked, because the
    /// call may repeat one that was accepted before it expired.
    std::optional<Time> expires_at = {};
    /// The trace that it belongs to. An invalid one is ignored.
    std::optional<TraceContext> trace = {};
    /// Of the events of a subscription that have the same ordering key, the next one is not sent
    /// before the one in front of it has ended (docs/ordering.md). UTF-8 without U+0000, 1-256
    /// bytes, or empty for none. Not together with `deliver_at`. Needs a storage that keeps order
    /// (`DeliveryLog::keeps_order`).
    std::string ordering_key = {};
};

/// The result of a publication. The events that it names are durable.
struct PublishReceipt {
    /// One event for each subscription that matched, in the order of their ids: active ones, and
    /// those of `ServiceOptions::log_while_deactivated`.
    std::vector<EventId> event_ids;
    /// True if an idempotency key matched an earlier publication.
    bool is_replay = false;
};

/// The result of an attempt. `delivered` .. `expired` are final: only a requested retry reopens the
/// event.
enum class Outcome : std::uint8_t {
    delivered = 1,  ///< A 2xx answer.
    retry = 2,      ///< It failed; another attempt is due.
    exhausted = 3,  ///< It failed, and no attempts are left.
    cancelled = 4,  ///< No request was made: its subscription was inactive or deleted.
    expired = 5,    ///< No request was made: its `expires_at` had passed.
};

/// Why an attempt failed: how far it got.
enum class FailureReason : std::uint8_t {
    none,       ///< It did not fail.
    lookup,     ///< The host name did not resolve, or not in time.
    address,    ///< The URL or its address is not allowed.
    connect,    ///< No connection was established, or not in time.
    tls,        ///< The TLS handshake failed or timed out.
    timeout,    ///< The request was sent, and no response came in time.
    reset,      ///< The connection ended before a response.
    malformed,  ///< The response was not valid HTTP.
    status,     ///< The response had a status that is not a success.
    other,      ///< Anything else, such as a secret that cannot sign.
};
/// The enumerator's name.
std::string_view to_string(FailureReason) noexcept;

/// Further details of a failed attempt.
struct AttemptDetails {
    /// Some headers of the response, with names in lower case, up to 1 KiB: `content-type`,
    /// `content-length`, `date`, `server`, `retry-after`, `location`, `via`, `x-request-id` and
    /// `cf-ray`.
    Headers response_headers = {};
    /// The IP address that was connected to last; empty if there was none.
    std::string address = {};
    // How long each phase took that was reached; absent for one that was not, or that a kept
    // connection made unnecessary.
    std::optional<std::chrono::microseconds> lookup = {};
    std::optional<std::chrono::microseconds> connect = {};  ///< All addresses that were tried.
    std::optional<std::chrono::microseconds> tls = {};
    /// From the request to the first byte of the response.
    std::optional<std::chrono::microseconds> first_byte = {};

    bool operator==(const AttemptDetails&) const = default;
};

/// One row of an event's history. No request was made for `cancelled` and `expired` rows.
struct Attempt {
    int number = 0;  ///< 1, 2, 3 ... within the event.
    Time sent_at{};
    std::chrono::microseconds duration{};
    std::optional<int> status_code = {};       ///< Absent if there was no response.
    std::optional<std::string> response = {};  ///< At most 4 KiB of the body, valid UTF-8.
    std::optional<std::string> error_message = {};
    Outcome outcome = Outcome::retry;
    /// Of a failed attempt, if the transport provides them; otherwise null.
    std::shared_ptr<const AttemptDetails> details = {};
    /// Used inside a storage: the data key that encrypts the response and its headers. 0: they are
    /// in plain text.
    std::int64_t key_id = 0;
};

/// An event of the log: one message for one subscription. Its state is that of its latest attempt,
/// which distinguishes waiting, delivered, exhausted and cancelled.
struct Event {
    EventId id{};
    SubscriptionId subscription_id{};
    std::string event_type;
    std::string payload;
    std::optional<int> status_code = {};
    std::optional<std::string> response = {};
    std::optional<std::string> error_message = {};  ///< Absent after a success.
    /// Delivered, and not waiting to be resent; or available in the feed (`Delivery::pull`).
    bool is_success = false;
    int retry_count = 0;  ///< Requests made, minus one; never below 0.
    std::optional<Time> sent_at = {};
    std::optional<Time> next_retry_at = {};  ///< Set if and only if a later attempt is due.
    Time created_at{};
    std::string ordering_key = {};  ///< Empty: it has none.
    /// The event that it waits for, which has the same ordering key: it is not sent before that one
    /// has ended, whatever `next_retry_at` is.
    std::optional<EventId> blocked_by = {};
    /// Its payload was destroyed (`WebhookService::shred_user`), and is empty here.
    bool is_payload_gone = false;
    /// The stored payload or response cannot be decrypted: what cannot is empty here.
    bool is_unreadable = false;
    /// Used inside a storage: the data keys that encrypt payload and response. 0: plain text.
    std::int64_t payload_key_id = 0;
    std::int64_t response_key_id = 0;
};

/// An event with every row of its history, in order.
struct EventHistory {
    Event event;
    std::vector<Attempt> attempts;
    // Of its requests; empty if storage does not tell them.
    std::string webhook_id = {};
    std::string content_type = {};
};

/// The deliveries to a subscription in the last 24 hours.
struct DeliveryStatistics {
    std::int64_t attempts = 0;   ///< Requests made.
    std::int64_t successes = 0;  ///< The delivered ones among them.
    /// Of all requests, from their start to their response or failure; 0 if there were none.
    std::chrono::microseconds latency_p50{};
    std::chrono::microseconds latency_p95{};
    std::chrono::microseconds latency_p99{};
    std::int64_t waiting = 0;  ///< Events for which an attempt is due, now or later.
    /// Events that the filter did not let through; counted up to 10 s later.
    std::int64_t filtered = 0;
    /// Those of them whose filter was not judged, because the filters of its user together took as
    /// many steps as one publication allows (docs/payload-filters.md#limits).
    std::int64_t unjudged = 0;
    std::optional<Time> last_failure = {};
    /// The time since when no attempt has succeeded; absent if the latest one has.
    std::optional<Time> failing_since = {};
    /// Nothing is sent before this time: the endpoint asked for the pause, or failed too often.
    std::optional<Time> paused_until = {};
};

}  // namespace webhooks
