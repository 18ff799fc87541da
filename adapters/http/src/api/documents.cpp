#include "documents.hpp"

#include <chrono>
#include <cstdio>
#include <optional>

namespace webhooks::http {
namespace {

/// The map as JSON text: the documented type of `headers` is a string.
std::string headers_text(const Headers& headers) {
    json::Writer writer;
    writer.begin_object();
    for (const Header& header : headers)
        writer.member(header.name, header.value);
    return writer.end_object().take();
}

std::optional<std::string> format_if_set(const std::optional<Time>& time) {
    return time ? std::optional(format_time(*time)) : std::nullopt;
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

void write(json::Writer& writer, const Subscription& subscription) {
    writer.begin_object()
        .member("id", subscription.id.value)
        .member("name", subscription.name)
        .member("eventType", subscription.event_type)
        .member("url", subscription.url)
        .member("secret", subscription.secret.reveal())
        .member("maxRetryCount", subscription.max_retry_count)
        .member("isActive", subscription.is_active)
        .member("userId", subscription.user_id)
        .member("headers", headers_text(subscription.headers))
        .member("createdAt", format_time(subscription.created_at))
        .member("updatedAt", format_time(subscription.updated_at));
    writer.key("webhookEvents").begin_array();
    for (const Event& event : subscription.recent_events)
        write(writer, event);
    writer.end_array().end_object();
}

void write(json::Writer& writer, const Event& event) {
    writer.begin_object()
        .member("id", event.id.value)
        .member("webhookSubscriptionId", event.subscription_id.value)
        .member("eventType", event.event_type)
        .member("payload", event.payload)
        .member("statusCode", event.status_code)
        .member("response", event.response)
        .member("errorMessage", event.error_message)
        .member("isSuccess", event.is_success)
        .member("retryCount", event.retry_count)
        .member("sentAt", format_if_set(event.sent_at))
        .member("nextRetryAt", format_if_set(event.next_retry_at))
        .member("createdAt", format_time(event.created_at))
        .end_object();
}

void write(json::Writer& writer, const EventType& type) {
    writer.begin_object()
        .member("name", type.name)
        .member("description", type.description)
        .end_object();
}

}  // namespace webhooks::http
