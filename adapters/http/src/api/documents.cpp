#include "documents.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <optional>

#include "object_reader.hpp"

namespace webhooks::http {
namespace {

std::optional<std::string> text_if_set(const std::string& text) {
    return text.empty() ? std::nullopt : std::optional(text);
}

/// The map as JSON text: the API documents `headers` as a string.
std::string headers_text(const Headers& headers) {
    json::Writer writer;
    writer.begin_object();
    for (const Header& header : headers)
        writer.member(header.name, header.value);
    return writer.end_object().take();
}

/// Writes an object with the selected members.
class Members {
public:
    Members(json::Writer& writer, const Selection& selection)
        : writer_(writer), selection_(selection) {
        writer_.begin_object();
    }
    Members(const Members&) = delete;
    Members& operator=(const Members&) = delete;
    ~Members() { writer_.end_object(); }

    bool shows(std::string_view name) const {
        return selection_.empty() || std::ranges::find(selection_, name) != selection_.end();
    }

    /// Whether the caller named it.
    bool is_selected(std::string_view name) const { return !selection_.empty() && shows(name); }

    template <class T>
    void add(std::string_view name, const T& content) {
        if (shows(name)) writer_.member(name, content);
    }
    /// A member that is present only if it is set or selected.
    template <class T>
    void add_addition(std::string_view name, const std::optional<T>& content) {
        if (content || is_selected(name)) add(name, content);
    }
    json::Writer& writer() { return writer_; }

private:
    json::Writer& writer_;
    const Selection& selection_;
};

void add_members(Members& members, const Event& event) {
    members.add("id", event.id.value);
    members.add("webhookSubscriptionId", event.subscription_id.value);
    members.add("eventType", event.event_type);
    members.add("payload", event.payload);
    members.add("statusCode", event.status_code);
    members.add("response", event.response);
    members.add("errorMessage", event.error_message);
    members.add("isSuccess", event.is_success);
    members.add("retryCount", event.retry_count);
    members.add("sentAt", format_if_set(event.sent_at));
    members.add("nextRetryAt", format_if_set(event.next_retry_at));
    members.add("createdAt", format_time(event.created_at));
    members.add_addition("orderingKey", text_if_set(event.ordering_key));
    // Without it, an event that waits looks due.
    if (event.blocked_by && members.shows("nextRetryAt")) {
        members.writer().member("blockedBy", event.blocked_by->value);
    }
    if (event.is_payload_gone) members.writer().member("isPayloadGone", true);
    if (event.is_unreadable) members.writer().member("isUnreadable", true);
}

/// With up to three decimals, so to the microsecond.
double milliseconds(std::chrono::microseconds duration) {
    return static_cast<double>(duration.count()) / 1000;
}

void add_details(json::Writer& writer, const AttemptDetails& details) {
    const auto phase = [](const std::optional<std::chrono::microseconds>& duration) {
        return duration ? std::optional(milliseconds(*duration)) : std::nullopt;
    };
    writer.key("responseHeaders").begin_object();
    for (const Header& header : details.response_headers)
        writer.member(header.name, header.value);
    writer.end_object();
    writer.member("address", text_if_set(details.address));
    writer.key("phasesMs")
        .begin_object()
        .member("lookup", phase(details.lookup))
        .member("connect", phase(details.connect))
        .member("tls", phase(details.tls))
        .member("firstByte", phase(details.first_byte))
        .end_object();
}

/// In the order of `DeliveryCounts::statuses`.
constexpr std::array status_classes = {"2xx", "3xx", "4xx", "5xx", "none"};

std::string_view name_of(Outcome outcome) {
    switch (outcome) {
        case Outcome::delivered:
            return "delivered";
        case Outcome::retry:
            return "retry";
        case Outcome::exhausted:
            return "exhausted";
        case Outcome::cancelled:
            return "cancelled";
        case Outcome::expired:
            return "expired";
    }
    return "unknown";
}

/// Members outside the documented API are present only if they are set, or selected.
void add_state(Members& members, const Subscription& subscription) {
    const auto reason = subscription.deactivation_reason
                            ? std::optional(to_string(*subscription.deactivation_reason))
                            : std::nullopt;
    if (subscription.operator_scope || members.is_selected("operatorScope")) {
        members.add("operatorScope", subscription.operator_scope);
    }
    if (subscription.delivery == Delivery::pull || members.is_selected("delivery")) {
        members.add("delivery", to_string(subscription.delivery));
    }
    members.add_addition(
        "filter", subscription.filter.empty() ? std::nullopt : std::optional(subscription.filter));
    members.add_addition("failingSince", format_if_set(subscription.failing_since));
    members.add_addition("pausedUntil", format_if_set(subscription.paused_until));
    if (members.is_selected("deactivationReason")) members.add("deactivationReason", reason);
    if (reason && members.shows("deactivation")) {
        members.writer()
            .key("deactivation")
            .begin_object()
            .member("reason", *reason)
            .member("at", format_if_set(subscription.deactivated_at))
            .end_object();
    } else if (members.is_selected("deactivation")) {
        members.add("deactivation", std::optional<std::string>());
    }
}

/// As above.
void add_additions(json::Writer& writer, const Subscription& subscription) {
    if (subscription.rate_limit != 0) writer.member("rateLimit", subscription.rate_limit);
    if (subscription.timeout.count() != 0) {
        writer.member("timeoutSeconds", std::int64_t{subscription.timeout.count()});
    }
    if (subscription.is_unreadable) writer.member("isUnreadable", true);
    if (subscription.retry_on.is_everything()) return;
    writer.key("retryOn").begin_array();
    for (const FailureClass failure : all_failure_classes) {
        if (subscription.retry_on.includes(failure)) writer.value(name_of(failure));
    }
    writer.end_array();
}

/// Members of `actor` and `object`, for a caller who names them.
void add_selected_parts(Members& members, const AuditRecord& record) {
    const auto add = [&](std::string_view name, const std::string& text) {
        if (members.is_selected(name)) members.add(name, text_if_set(text));
    };
    add("actorUserId", record.actor_user_id);
    add("actorKind", record.actor_kind);
    add("actorId", record.actor_id);
    add("objectType", record.object_type);
    add("objectId", record.object_id);
    add("userId", record.user_id);
}

}  // namespace

std::string format_time(Time time) {
    namespace chrono = std::chrono;
    const auto day = chrono::floor<chrono::days>(time);
    const chrono::year_month_day date(day);
    const chrono::hh_mm_ss clock(chrono::floor<chrono::milliseconds>(time - day));
    char text[48];
    std::snprintf(text, sizeof text, "%04d-%02u-%02uT%02d:%02d:%02d.%03dZ", int(date.year()),
                  unsigned(date.month()), unsigned(date.day()), int(clock.hours().count()),
                  int(clock.minutes().count()), int(clock.seconds().count()),
                  int(clock.subseconds().count()));
    return text;
}

std::optional<std::string> format_if_set(const std::optional<Time>& time) {
    return time ? std::optional(format_time(*time)) : std::nullopt;
}

void write(json::Writer& writer, const Subscription& subscription, const Selection& selection) {
    Members members(writer, selection);
    members.add("id", subscription.id.value);
    members.add("name", subscription.name);
    members.add("eventType", subscription.event_type);
    members.add("url", subscription.url);
    members.add("secret", subscription.secret.reveal());
    members.add("maxRetryCount", subscription.max_retry_count);
    members.add("isActive", subscription.is_active);
    members.add("userId", subscription.user_id);
    members.add("headers", headers_text(subscription.headers));
    members.add("createdAt", format_time(subscription.created_at));
    members.add("updatedAt", format_time(subscription.updated_at));
    if (members.shows("webhookEvents")) {
        writer.key("webhookEvents").begin_array();
        for (const Event& event : subscription.recent_events)
            write(writer, event);
        writer.end_array();
    }
    add_state(members, subscription);
    if (selection.empty()) add_additions(writer, subscription);
}

void write(json::Writer& writer, const Event& event, const Selection& selection) {
    Members members(writer, selection);
    add_members(members, event);
}

void write(json::Writer& writer, const AuditRecord& record, const Selection& selection) {
    Members members(writer, selection);
    members.add("id", record.id.value);
    members.add("at", format_time(record.at));
    if (members.shows("actor")) {
        writer.key("actor")
            .begin_object()
            .member("userId", text_if_set(record.actor_user_id))
            .member("kind", record.actor_kind)
            .member("id", text_if_set(record.actor_id))
            .end_object();
    }
    members.add("action", record.action);
    if (members.shows("object")) {
        writer.key("object")
            .begin_object()
            .member("type", record.object_type)
            .member("id", record.object_id)
            .member("userId", text_if_set(record.user_id))
            .end_object();
    }
    members.add("subscriptionId",
                record.subscription ? std::optional(record.subscription->value) : std::nullopt);
    if (members.shows("changes")) writer.key("changes").raw(record.changes);
    members.add("requestId", text_if_set(record.request_id));
    members.add("address", text_if_set(record.address));
    add_selected_parts(members, record);
}

void write(json::Writer& writer, const Attempt& attempt) {
    writer.begin_object()
        .member("number", attempt.number)
        .member("sentAt", format_time(attempt.sent_at))
        .member("durationMs", milliseconds(attempt.duration))
        .member("statusCode", attempt.status_code)
        .member("response", attempt.response)
        .member("errorMessage", attempt.error_message)
        .member("outcome", name_of(attempt.outcome));
    if (attempt.details) add_details(writer, *attempt.details);
    writer.end_object();
}

void write(json::Writer& writer, const EventHistory& history) {
    const Selection all;
    Members members(writer, all);
    add_members(members, history.event);
    if (!history.webhook_id.empty()) writer.member("webhookId", history.webhook_id);
    if (!history.content_type.empty()) writer.member("contentType", history.content_type);
    writer.key("attempts").begin_array();
    for (const Attempt& attempt : history.attempts)
        write(writer, attempt);
    writer.end_array();
}

void write(json::Writer& writer, const DeliveryStatistics& statistics) {
    // Without attempts, a rate or a latency is unknown, not 0.
    const bool is_known = statistics.attempts > 0;
    const auto latency = [&](std::chrono::microseconds duration) {
        return is_known ? std::optional(milliseconds(duration)) : std::nullopt;
    };
    const std::optional<double> success_rate =
        is_known ? std::optional(static_cast<double>(statistics.successes) /
                                 static_cast<double>(statistics.attempts))
                 : std::nullopt;
    writer.begin_object()
        .member("attempts", statistics.attempts)
        .member("successes", statistics.successes)
        .member("successRate", success_rate);
    writer.key("latencyMs")
        .begin_object()
        .member("p50", latency(statistics.latency_p50))
        .member("p95", latency(statistics.latency_p95))
        .member("p99", latency(statistics.latency_p99))
        .end_object();
    writer.member("waiting", statistics.waiting).member("filtered", statistics.filtered);
    if (statistics.unjudged > 0) writer.member("unjudged", statistics.unjudged);
    writer.member("lastFailure", format_if_set(statistics.last_failure))
        .member("failingSince", format_if_set(statistics.failing_since))
        .member("pausedUntil", format_if_set(statistics.paused_until))
        .end_object();
}

void write(json::Writer& writer, const SeriesBucket& bucket) {
    const DeliveryCounts& counts = bucket.counts;
    const auto latency = [&](int percent) {
        const auto duration = counts.latency_percentile(percent);
        return duration ? std::optional(milliseconds(*duration)) : std::nullopt;
    };
    writer.begin_object()
        .member("start", format_time(bucket.start))
        .member("attempts", counts.attempts())
        .member("delivered", counts.delivered)
        .member("failed", counts.failed)
        .member("exhausted", counts.exhausted)
        .member("cancelled", counts.cancelled)
        .member("expired", counts.expired)
        .member("filtered", counts.filtered);
    writer.key("byStatus").begin_object();
    for (std::size_t i = 0; i < counts.statuses.size(); ++i)
        writer.member(status_classes[i], counts.statuses[i]);
    writer.end_object();
    writer.key("latencyMs")
        .begin_object()
        .member("p50", latency(50))
        .member("p95", latency(95))
        .member("p99", latency(99))
        .end_object();
    writer.end_object();
}

void write(json::Writer& writer, const DeliverySeries& series) {
    writer.begin_object()
        .member("from", format_time(series.from))
        .member("to", format_time(series.to))
        .member("stepSeconds", std::int64_t{series.step.count()})
        .member("isComplete", series.is_complete);
    writer.key("buckets").begin_array();
    for (const SeriesBucket& bucket : series.buckets)
        write(writer, bucket);
    writer.end_array().end_object();
}

void write(json::Writer& writer, const EventType& type) {
    writer.begin_object().member("name", type.name).member("description", type.description);
    if (!type.group.empty()) writer.member("group", type.group);
    if (!type.schema.empty()) writer.key("schema").raw(type.schema);
    if (!type.example.empty()) writer.key("example").raw(type.example);
    if (type.deprecation) {
        const Deprecation& deprecation = *type.deprecation;
        writer.member("isDeprecated", true).key("deprecation").begin_object();
        writer.member("since", format_time(deprecation.since));
        if (!deprecation.successor.empty()) writer.member("successor", deprecation.successor);
        if (!deprecation.note.empty()) writer.member("note", deprecation.note);
        writer.end_object();
    }
    if (type.retired_at) writer.member("retiredAt", format_time(*type.retired_at));
    if (type.created_at != Time{}) writer.member("createdAt", format_time(type.created_at));
    if (type.updated_at != Time{}) writer.member("updatedAt", format_time(type.updated_at));
    writer.end_object();
}

}  // namespace webhooks::http
