#pragma once

#include <chrono>
#include <cstddef>
#include <vector>
#include <webhooks/endpoint.hpp>
#include <webhooks/error.hpp>
#include <webhooks/event_catalog.hpp>
#include <webhooks/export.hpp>

namespace WEBHOOKS_EXPORT webhooks {

/// By why a subscription was deactivated.
struct LogWhileDeactivated {
    bool failing = true;  ///< `DeactivationReason::failing`.
    bool gone = false;    ///< `DeactivationReason::gone`.
};

/// The configuration of a WebhookService. The defaults suit production.
struct ServiceOptions {
    /// Delays before the second, third, ... attempt; after the last one, it repeats. 1-100 delays
    /// of 1 s - 30 days. Default: the schedule that the Standard Webhooks specification proposes.
    std::vector<std::chrono::seconds> retry_schedule = {
        std::chrono::seconds(5), std::chrono::minutes(5), std::chrono::minutes(30),
        std::chrono::hours(2),   std::chrono::hours(5),   std::chrono::hours(10),
        std::chrono::hours(14),  std::chrono::hours(20),  std::chrono::hours(24)};
    /// Each delay is randomly shortened or lengthened by up to this fraction. 0-0.5.
    double retry_jitter = 0.2;
    /// Attempts after the first, for subscriptions that do not set it. 0-100.
    int default_max_retry_count = 9;

    /// The longest `Retry-After` of an endpoint that is honoured. 1 s - 30 days.
    std::chrono::seconds max_retry_after = std::chrono::hours(24);
    /// After this many consecutive failures, nothing is sent to a subscription's endpoint for a
    /// pause, and then one request at a time until one succeeds (a circuit breaker). 1-1,000.
    int breaker_failures = 10;
    /// The first pause of a breaker; each failed request after it doubles the next pause. 100 ms -
    /// 1 h.
    std::chrono::milliseconds breaker_pause = std::chrono::seconds(1);
    /// The longest pause of a breaker. `breaker_pause` - 24 h.
    std::chrono::milliseconds breaker_max_pause = std::chrono::minutes(5);
    /// A subscription whose endpoint has only failed for this long is deactivated, and the observer
    /// is notified. 1 s - 365 days; 0: never.
    std::chrono::seconds deactivate_after = std::chrono::hours(5 * 24);
    /// Subscribers to `webhook.subscription.failing` hear of an endpoint that has only failed for
    /// this long, at its next failure after that; if it is deactivated earlier, only of that. 1 s -
    /// 365 days.
    std::chrono::seconds failing_notice_after = std::chrono::hours(1);
    /// After a `webhook.event.exhausted` of a subscription, further ones in this period become
    /// one event with their number. 1 s - 24 h; 0: each is sent at once.
    std::chrono::seconds exhausted_notice_window = std::chrono::minutes(10);
    /// Which deactivations by the service itself leave the subscription matching: its events are
    /// logged as cancelled, without a request, and `WebhookService::recover` resends them once it
    /// is active again.
    LogWhileDeactivated log_while_deactivated = {};

    /// The maximum number of requests in flight. Endpoints that have not succeeded yet take at most
    /// half of them, failing endpoints at most a quarter, and one user at most three quarters.
    /// 1-100,000.
    std::size_t max_in_flight = 512;
    /// The maximum number of requests in flight to one scheme, host and port. A host starts with
    /// one; each response doubles its limit, up to this maximum. 1-100,000.
    std::size_t max_in_flight_per_host = 16;
    /// The maximum number of events in memory; events that do not fit wait in storage.
    /// 1-10,000,000.
    std::size_t max_events_in_memory = 100'000;
    /// The maximum number of payload bytes in memory for events, and the same again for
    /// publications that wait to be committed. `max_payload_bytes` - 1 TiB.
    std::size_t max_payload_bytes_in_memory = 256 * 1024 * 1024;
    /// An event that has waited in memory for this long gets a row in storage. 100 ms - 1 h.
    std::chrono::milliseconds persist_after = std::chrono::seconds(5);

    /// The maximum number of publications waiting to be committed, including each one of a batch;
    /// beyond it, `publish` returns `overloaded`. A batch larger than this is invalid. 1-1,000,000.
    std::size_t max_publish_queue = 10'000;
    /// The maximum number of publications in one commit; a larger batch gets its own commit.
    /// 1-10,000.
    std::size_t max_batch = 1'000;
    /// The maximum number of events that one commit makes. A publication or batch that makes more
    /// is stored by one commit, too, but its events are made by later ones, each a quarter of this,
    /// so that others do not wait for all of them; not those with an ordering key. 1-100,000.
    std::size_t max_events_per_commit = 5'000;
    /// The maximum number of events that the publications of one batch may make together, one for
    /// each subscription that each of them matches: others wait while they are written. A batch
    /// with more is invalid, and nothing of it is published. A single publication has no such
    /// limit. 1-10,000,000.
    std::size_t max_events_per_batch = 100'000;
    /// The maximum size of a payload in bytes. 1 - 16 MiB.
    std::size_t max_payload_bytes = 1024 * 1024;

    /// How often a worker sends a heartbeat and checks for changes by others. 100 ms - 1 h.
    std::chrono::milliseconds heartbeat_interval = std::chrono::seconds(2);
    /// A worker without a heartbeat for this long is taken over by others. At least three heartbeat
    /// intervals; 1 s - 10 h.
    std::chrono::milliseconds lease = std::chrono::seconds(10);

    /// Add `webhooks_event_type_attempts_total` to the metrics: attempts by event type, of the
    /// first 50 types that occur, and `other`.
    bool event_type_label = false;

    /// Send `traceparent` and `tracestate` to endpoints, with a new parent id for each attempt, for
    /// publications that have a trace. It shows strangers the ids of your traces.
    bool trace_to_endpoints = false;

    /// Events created longer ago than this are deleted, with their payloads and attempts; events
    /// that still wait are kept until they have ended. 1 h - 3,660 days; 0: all are kept.
    std::chrono::seconds retention{0};
    /// Audit records older than this are deleted. 1 h - 3,660 days; 0: all are kept.
    std::chrono::seconds audit_retention = std::chrono::hours(400 * 24);

    /// What the catalog of event types says of itself.
    CatalogOptions catalog = {};

    /// Which endpoints are allowed.
    EndpointPolicy endpoints = {};

    /// @return invalid_argument with one FieldError for each member out of its range.
    Result<> validate() const;
};

}  // namespace webhooks
