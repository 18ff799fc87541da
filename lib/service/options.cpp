#include <base/ranges.hpp>
#include <base/utf8.hpp>
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
    check.in("max_events_per_commit", max_events_per_commit, 1, 100'000, "");
    check.in("max_events_per_batch", max_events_per_batch, 1, 10'000'000, "");
    check.in("max_payload_bytes", max_payload_bytes, 1, 16 * 1024 * 1024, "bytes");
    for (const auto& [name, kept] :
         {std::pair("retention", retention), std::pair("audit_retention", audit_retention)}) {
        const bool is_right = kept == 0s || (kept >= 1h && kept <= 3660 * 24h);
        if (!is_right) {
            check.error(name, "is " + std::to_string(kept.count()) +
                                  " s, must be 1 h to 3660 days (87840 h), or 0 to keep all");
        }
    }
    check.in("heartbeat_interval", heartbeat_interval, 100ms, 1h);
    check.in("lease", lease, 1s, 10h);
    if (lease < 3 * heartbeat_interval) {
        check.error("lease", "must be at least three times heartbeat_interval");
    }
    const auto check_text = [&](const char* name, const std::string& text, std::size_t min,
                                std::size_t max) {
        if (text.size() >= min && text.size() <= max && is_storable_text(text)) return;
        check.error(name, "must be " + std::to_string(min) + " to " + std::to_string(max) +
                              " bytes of UTF-8 without U+0000");
    };
    check_text("catalog.title", catalog.title, 1, 256);
    check_text("catalog.version", catalog.version, 1, 64);
    check_text("catalog.description", catalog.description, 0, 4096);
    if (const Result<> policy = check_policy(endpoints); !policy) {
        for (const FieldError& field_error : policy.error().fields()) {
            check.error(field_error.field.c_str(), field_error.message);
        }
    }
    return check.result();
}

}  // namespace webhooks
