#include <webhooks/webhook_service.hpp>

#include "answers.hpp"
#include "body.hpp"
#include "documents.hpp"
#include "object_reader.hpp"
#include "operations.hpp"

namespace webhooks::http {

namespace {

/// The message of a retry: an event that was never attempted waits for the end of a pause.
std::string retry_message(const Event& event, const Result<Subscription>& subscription) {
    const bool waits = subscription && subscription->paused_until &&
                       event.next_retry_at == subscription->paused_until;
    if (!waits) return "The event will be resent.";
    return "The event will be sent at " + format_time(*event.next_retry_at) +
           ": until then the subscription is paused, because its endpoint asked to wait or failed "
           "too often.";
}

}  // namespace

Result<Response> retry_event(WebhookService& service, const Call& call) {
    const auto event = service.retry_event(call.caller, call.subscription, call.event);
    if (!event) return event.error();
    const auto subscription = service.subscription(call.caller, call.subscription);
    json::Writer writer;
    write(writer.begin_object().key("event"), *event);
    return success(writer, retry_message(*event, subscription), 202);
}

Result<Response> recover(WebhookService& service, const Call& call) {
    // Without a body, the error is the missing `since`, not the content type.
    if (auto rejected = reject_media_type_of_any(call)) return std::move(*rejected);
    const auto members = parse_body_if_any(call, {"since", "until", "dryRun"});
    if (!members) return members.error();
    FieldErrors errors;
    const ObjectReader reader(*members, "", errors);
    if (!reader.has("since")) reader.add_error("since", "is required");
    const CreationPeriod period{.since = reader.time("since").value_or(Time{}),
                                .until = reader.time("until")};
    const bool is_dry_run = reader.flag("dryRun").value_or(false);
    if (!errors.empty()) return Error(std::move(errors));
    const auto recovered = is_dry_run
                               ? service.count_undelivered(call.caller, call.subscription, period)
                               : service.recover(call.caller, call.subscription, period);
    if (!recovered) return recovered.error();
    json::Writer writer;
    writer.begin_object().member("recovered", *recovered);
    return success(
        writer,
        std::string(is_dry_run ? "Events that would be resent: " : "Events that will be resent: ") +
            std::to_string(*recovered) + ".",
        is_dry_run ? 200 : 202);
}

}  // namespace webhooks::http
