#include <base/json_text.hpp>
#include <publication/webhook_id.hpp>
#include <storage/operational_facts.hpp>
#include <storage/shown_url.hpp>
#include <storage/subscription_members.hpp>
#include <string_view>
#include <vector>

namespace webhooks::storage {
namespace {

std::string subject_of(const Subscription& subscription) {
    return JsonMembers()
        .add("id", subscription.id.value)
        .add("name", subscription.name)
        .add("userId", subscription.user_id)
        .add("eventType", subscription.event_type)
        .add("url", without_query(subscription.url))
        .object();
}

Fact about(const Subscription& subscription, std::string_view type, const JsonMembers& details) {
    Fact fact{.type = std::string(type),
              .subscription = subscription.id,
              .subject = subject_of(subscription),
              .details = details.text()};
    if (!subscription.event_type.starts_with(operational_prefix)) {
        fact.owner = subscription.user_id;
    }
    return fact;
}

using Names = std::vector<std::string_view>;

Fact changed(const Subscription& subscription, std::string_view type, const Names& names,
             const Principal& by) {
    JsonMembers details;
    details.add("changed", names)
        .add("by", JsonMembers()
                       .add("userId", by.user_id())
                       .add("kind", by.is_administrator() ? "administrator" : "user"));
    return about(subscription, type, details);
}

/// Collects the names of members that differ.
struct Differing {
    Names names = {};

    template <class T>
    void value(std::string_view name, const T& before, const T& after) {
        if (!(before == after)) names.push_back(name);
    }
    template <class T>
    void url(std::string_view name, const T& before, const T& after) {
        value(name, before, after);
    }
    template <class T>
    void secret(std::string_view name, const T& before, const T& after) {
        value(name, before, after);
    }
};

JsonMembers members_of(const LastAttempt& attempt) {
    JsonMembers members;
    members.add("eventId", attempt.event.value)
        .add("number", std::int64_t{attempt.number})
        .add("sentAt", attempt.sent_at);
    members.add("statusCode", attempt.status_code
                                  ? std::optional<std::int64_t>(*attempt.status_code)
                                  : std::nullopt);
    return members.add("errorMessage", attempt.error_message);
}

void add_last_attempt(JsonMembers& members, const std::optional<LastAttempt>& attempt) {
    members.add("lastAttempt", attempt ? std::optional(members_of(*attempt)) : std::nullopt);
}

}  // namespace

OperationalEvent make_event(const Fact& fact, Time since, Time now) {
    JsonMembers data;
    if (!fact.subject.empty()) data.add_json("subscription", fact.subject);
    data.append(fact.details);
    if (fact.count > 1 || fact.type == exhausted_type) {
        data.add("count", fact.count).add("since", since);
    }
    OperationalEvent event{.type = fact.type, .time = now, .body = {}};
    if (fact.subscription != SubscriptionId{}) event.subscription = fact.subscription;
    event.body =
        JsonMembers().add("type", fact.type).add("timestamp", now).add("data", data).object();
    return event;
}

Fact created(const Subscription& subscription, const Principal& by) {
    return changed(subscription, "webhook.subscription.created", {}, by);
}

std::optional<Fact> updated(const Subscription& before, const Subscription& after,
                            const Principal& by) {
    Differing differing;
    compare_members(before, after, differing);
    if (differing.names.empty()) return std::nullopt;
    return changed(after, "webhook.subscription.updated", differing.names, by);
}

Fact secret_rotated(const Subscription& subscription, const Principal& by) {
    return changed(subscription, "webhook.subscription.secret_rotated", {"secret"}, by);
}

Fact deleted(const Subscription& subscription, const Principal& by) {
    return changed(subscription, "webhook.subscription.deleted", {}, by);
}

Fact failing(const Subscription& subscription, const FailingNotice& notice) {
    JsonMembers details;
    details.add("failingSince", notice.failing_since).add("deactivatesAt", notice.deactivates_at);
    add_last_attempt(details, notice.last_attempt);
    return about(subscription, "webhook.subscription.failing", details);
}

Fact recovered(const Subscription& subscription, Time::duration failed_for,
               std::size_t undelivered) {
    const auto seconds = std::chrono::floor<std::chrono::seconds>(failed_for);
    JsonMembers details;
    details.add("failedFor", std::int64_t{seconds.count()})
        .add("undelivered", static_cast<std::int64_t>(undelivered));
    return about(subscription, "webhook.subscription.recovered", details);
}

Fact deactivated(const Subscription& subscription, const Deactivation& deactivation,
                 std::size_t cancelled) {
    JsonMembers details;
    details.add("reason", deactivation.failing_since ? "failing" : "gone")
        .add("failingSince", deactivation.failing_since);
    add_last_attempt(details, deactivation.last_attempt);
    details.add("cancelled", static_cast<std::int64_t>(cancelled));
    return about(subscription, "webhook.subscription.deactivated", details);
}

Fact exhausted(const Subscription& subscription, const ExhaustedEvent& event, std::int64_t count) {
    JsonMembers members;
    members.add("id", event.id.value)
        .add("webhookId", std::string_view(to_string(WebhookId{event.worker_tag, event.id})))
        .add("eventType", event.event_type)
        .add("createdAt", event.created_at);
    Fact fact = about(subscription, exhausted_type, JsonMembers().add("event", members));
    fact.count = count;
    return fact;
}

Fact worker_lost(WorkerId worker, const std::optional<WorkerReport>& report,
                 std::int64_t taken_over) {
    JsonMembers details;
    details.add("workerId", worker.value)
        .add("host", report ? std::optional(report->host) : std::nullopt)
        .add("takenOver", taken_over);
    return {.type = "webhook.worker.lost", .owner = "", .details = details.text()};
}

}  // namespace webhooks::storage
