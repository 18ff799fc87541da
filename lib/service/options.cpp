#include <base/ranges.hpp>
#include <webhooks/options.hpp>

namespace webhooks {

Result<> ServiceOptions::validate() const {
    using namespace std::chrono_literals;
    RangeCheck check;
    check.in("retry_schedule", retry_schedule.size(), 1, 100, "pauses");
    for (std::chrono::seconds pause : retry_schedule) {
        check.in("retry_schedule", pause, 1s, 30 * 24h);
    }
    check.in("retry_jitter", retry_jitter, 0.0, 0.5, "");
    check.in("default_max_retry_count", default_max_retry_count, 0, 100, "");
    check.in("max_retry_after", max_retry_after, 1s, 30 * 24h);
    check.in("breaker_failures", breaker_failures, 1, 1000, "");
    check.in("breaker_pause", breaker_pause, 100ms, 1h);
    check.in("breaker_max_pause", breaker_max_pause, breaker_pause, 24h);
    if (deactivate_after != 0s) check.in("deactivate_after", deactivate_after, 1s, 365 * 24h);
    check.in("failing_notice_after", failing_notice_after, 1s, 365 * 24h);
    if (exhausted_notice_window != 0s) {
        check.in("exhausted_notice_window", exhausted_notice_window, 1s, 24h);
    }
    check.in("max_in_flight", max_in_flight, 1, 100'000, "");
    check.in("max_in_flight_per_host", max_in_flight_per_host, 1, 100'000, "");
    check.in("max_events_in_memory", max_events_in_memory, 1, 10'000'000, "");
    check.in("max_payload_bytes_in_memory", max_payload_bytes_in_memory, max_payload_bytes,
             std::size_t{1} << 40U, "bytes");
    check.in("persist_after", persist_after, 100ms, 1h);
    check.in("max_publish_queue", max_publish_queue, 1, 1'000'000, "");
    check.in("max_batch", max_batch, 1, 10'000, "");
    check.in("max_payload_bytes", max_payload_bytes, 1, 16 * 1024 * 1024, "bytes");
    if (retention != 0s) check.in("retention", retention, 1h, 3660 * 24h);
    if (audit_retention != 0s) check.in("audit_retention", audit_retention, 1h, 3660 * 24h);
    check.in("heartbeat_interval", heartbeat_interval, 100ms, 1h);
    check.in("lease", lease, 1s, 10h);
    if (lease < 3 * heartbeat_interval) {
        check.error("lease", "must be at least three times heartbeat_interval");
    }
    if (const Result<> policy = check_policy(endpoints); !policy) {
        for (const FieldError& field_error : policy.error().fields()) {
            check.error(field_error.field.c_str(), field_error.message);
        }
    }
    return check.result();
}

}  // namespace webhooks
