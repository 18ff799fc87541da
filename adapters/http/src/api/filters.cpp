#include <webhooks/webhook_service.hpp>

#include "answers.hpp"
#include "body.hpp"
#include "object_reader.hpp"
#include "operations.hpp"
#include "publication.hpp"

namespace webhooks::http {
namespace {

std::string_view name_of_result(const std::optional<bool>& result) {
    if (!result) return "unknown";
    return *result ? "true" : "false";
}

void write_condition(json::Writer& writer, const FilterCondition& condition) {
    writer.begin_object()
        .member("text", condition.text)
        .member("character", static_cast<std::int64_t>(condition.character))
        .member("value", condition.value)
        .member("result", name_of_result(condition.result))
        .end_object();
}

Result<Response> answer(const Result<FilterReport>& report) {
    if (!report) return report.error();
    json::Writer writer;
    writer.begin_object().member("matches", report->matches).key("conditions").begin_array();
    for (const FilterCondition& condition : report->conditions)
        write_condition(writer, condition);
    writer.end_array();
    return success(writer, report->matches ? "The filter lets the event through."
                                           : "The filter does not let the event through.");
}

Result<Response> answer(const Result<FilterSample>& sample) {
    if (!sample) return sample.error();
    json::Writer writer;
    writer.begin_object()
        .member("matched", static_cast<std::int64_t>(sample->events.size()))
        .member("of", static_cast<std::int64_t>(sample->of))
        .key("eventIds")
        .begin_array();
    for (const EventId id : sample->events)
        writer.value(id.value);
    writer.end_array();
    return success(writer, "The filter lets " + std::to_string(sample->events.size()) + " of " +
                               std::to_string(sample->of) + " events through.");
}

}  // namespace

Result<Response> test_filter(WebhookService& service, const Call& call) {
    if (auto rejected = reject_media_type(call)) return std::move(*rejected);
    const auto members =
        parse_body(call, {"filter", "eventType", "payload", "subscriptionId"}, "payload");
    if (!members) return members.error();
    FieldErrors errors;
    const ObjectReader reader(*members, "", errors);
    const std::string filter = reader.text("filter").value_or("");
    const std::string event_type = reader.text("eventType").value_or("");
    const std::optional<std::int64_t> subscription = reader.id("subscriptionId");
    const std::optional<std::string_view> payload = reader.raw("payload");
    if (!reader.has("filter")) reader.add_error("filter", "is required");
    if (reader.has("subscriptionId") && payload) {
        reader.add_error("payload", "must be absent next to 'subscriptionId'");
    } else if (!reader.has("subscriptionId") && !payload) {
        reader.add_error("payload", "is required, or 'subscriptionId'");
    }
    if (!errors.empty()) return Error(std::move(errors));
    if (subscription) {
        return answer(
            service.test_filter(call.caller, filter, SubscriptionId{*subscription}, call.stop));
    }
    return answer(service.test_filter(
        call.caller, filter, {.event_type = event_type, .payload = std::string(*payload)}));
}

Result<Response> match_event(WebhookService& service, const Call& call) {
    if (auto rejected = reject_media_type(call)) return std::move(*rejected);
    auto members = parse_body(call, publication_names, "payload");
    if (!members) return members.error();
    FieldErrors errors;
    const Publication publication = read_publication(*std::move(members), "", errors);
    if (!errors.empty()) {
        add_errors(errors, "", service.validate(publication));
        return Error(std::move(errors));
    }
    const auto page = service.match_event(call.caller, publication, call.stop);
    if (!page) return page.error();
    json::Writer writer;
    writer.begin_object().key("matches").begin_array();
    for (const SubscriptionMatch& match : page->items) {
        writer.begin_object()
            .member("subscriptionId", match.subscription.value)
            .member("isMatch", match.reason == MatchReason::matched)
            .member("reason", to_string(match.reason))
            .end_object();
    }
    writer.end_array().member("totalSubscriptionsCount", page->total);
    return success(writer, "Nothing was published.");
}

}  // namespace webhooks::http
