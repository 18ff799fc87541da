#include "documents.hpp"

#include <algorithm>
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

/// An object of those members that a selection shows.
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

    template <class T>
    void add(std::string_view name, const T& content) {
        if (shows(name)) writer_.member(name, content);
    }

private:
    json::Writer& writer_;
    const Selection& selection_;
};

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
    if (!members.shows("webhookEvents")) return;
    writer.key("webhookEvents").begin_array();
    for (const Event& event : subscription.recent_events)
        write(writer, event);
    writer.end_array();
}

void write(json::Writer& writer, const Event& event, const Selection& selection) {
    Members members(writer, selection);
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
}

void write(json::Writer& writer, const EventType& type) {
    writer.begin_object()
        .member("name", type.name)
        .member("description", type.description)
        .end_object();
}

}  // namespace webhooks::http
