#pragma once

#include <chrono>
#include <cstddef>
#include <vector>
#include <webhooks/endpoint.hpp>
#include <webhooks/error.hpp>
#include <webhooks/export.hpp>

namespace WEBHOOKS_EXPORT webhooks {

/// How a WebhookService behaves. The defaults suit production.
struct ServiceOptions {
    /// Pauses before the second, third ... attempt; once they are used up, the last one repeats.
    /// 1-100 pauses of 1 s - 30 days. Default: the schedule that the Standard Webhooks
    /// specification proposes.
    std::vector<std::chrono::seconds> retry_schedule = {
        std::chrono::seconds(5), std::chrono::minutes(5), std::chrono::minutes(30),
        std::chrono::hours(2),   std::chrono::hours(5),   std::chrono::hours(10),
        std::chrono::hours(14),  std::chrono::hours(20),  std::chrono::hours(24)};
    /// Each pause is lengthened or shortened at random by up to this part of it. 0-0.5.
    double retry_jitter = 0.2;
    /// Attempts after the first, for subscriptions that say nothing. 0-100.
    int default_max_retry_count = 9;

    /// An endpoint's `Retry-After` counts up to this long. 1 s - 30 days.
    std::chrono::seconds max_retry_after = std::chrono::hours(24);
    /// After so many failures in a row nothing is sent to a subscription's endpoint for a while,
    /// and then one request at a time until one succeeds (a circuit breaker). 1-1,000.
    int breaker_failures = 10;
    /// The first pause of a breaker; each failed request after it doubles the next one.
    /// 100 ms - 1 h.
    std::chrono::milliseconds breaker_pause = std::chrono::seconds(1);
    /// The longest pause of a breaker. `breaker_pause` - 24 h.
    std::chrono::milliseconds breaker_max_pause = std::chrono::minutes(5);
    /// A subscription whose endpoint has only failed for this long is deactivated, and the observer
    /// told. 1 min - 365 days; 0: never.
    std::chrono::seconds deactivate_after = std::chrono::hours(5 * 24);

    /// Requests under way at once. Endpoints that never answered yet take at most half of them,
    /// those that fail at most a quarter, all of one user at most three. 1-100,000.
    std::size_t max_in_flight = 512;
    /// Requests under way at once to one scheme, host and port; a host begins with one, and each
    /// answer doubles that up to here. 1-100,000.
    std::size_t max_in_flight_per_host = 16;
    /// Events held in memory; what does not fit waits in storage. 1-10,000,000.
    std::size_t max_events_in_memory = 100'000;
    /// Bytes of payloads held in memory, of events and again of publications that wait to be
    /// committed. `max_payload_bytes` - 1 TiB.
    std::size_t max_payload_bytes_in_memory = 256 * 1024 * 1024;
    /// An event that waited in memory for this long is noted in storage. 100 ms - 1 h.
    std::chrono::milliseconds park_after = std::chrono::seconds(5);

    /// Publications waiting to be committed, those of batches counted one by one; what would be
    /// more is answered `overloaded`. A batch that is larger is invalid. 1-1,000,000.
    std::size_t max_publish_queue = 10'000;
    /// Publications in one commit; a batch that is larger has a commit to itself. 1-10,000.
    std::size_t max_batch = 1'000;
    /// Bytes of a payload. 1 - 16 MiB.
    std::size_t max_payload_bytes = 1024 * 1024;

    /// How often a worker shows storage that it lives and looks for others' changes. 100 ms - 1 h.
    std::chrono::milliseconds heartbeat_interval = std::chrono::seconds(2);
    /// A worker that gave no sign of life for this long is taken over by others. At least three
    /// heartbeat intervals; 1 s - 10 h.
    std::chrono::milliseconds lease = std::chrono::seconds(10);

    /// Events that were created longer ago are deleted, with what was sent and answered; those that
    /// still wait are kept until they have ended. 1 h - 3,660 days; 0: all are kept.
    std::chrono::seconds retention{0};

    /// What endpoints may be.
    EndpointPolicy endpoints = {};

    /// @return invalid_argument with one FieldError for each member out of its range.
    Result<> validate() const;
};

}  // namespace webhooks
