// The part of WebhookService::Impl that tries payload filters.

#include <algorithm>
#include <filter/explain.hpp>
#include <filter/filter_cache.hpp>
#include <filter/judge.hpp>
#include <publication/pattern.hpp>
#include <publication/publication.hpp>
#include <service/validation.hpp>
#include <service/webhook_service_impl.hpp>
#include <webhooks/event_type.hpp>

namespace webhooks {
namespace {

using filter::FilterPtr;
using filter::Judge;
using filter::PayloadFilter;

constexpr const char* json_type = "application/json";
/// How many steps one call may take: as many as the filters of 20 users that reach their limit.
constexpr std::size_t max_steps_of_call = 20 * filter::max_steps;

Result<FilterPtr> parse_filter(const std::string& text) {
    const auto wrong = [](std::string message) {
        return Error(std::vector<FieldError>{{"filter", std::move(message)}});
    };
    if (text.empty()) return wrong("must not be empty");
    auto parsed = PayloadFilter::parse(text);
    if (const auto* error = std::get_if<query::SyntaxError>(&parsed))
        return wrong(error->message());
    return std::make_shared<const PayloadFilter>(std::get<PayloadFilter>(std::move(parsed)));
}

Error too_much() {
    return {Errc::timed_out, "the filters look at too much of the payload"};
}

MatchReason reason_for(const Subscription& subscription, const Publication& publication,
                       filter::FilterCache& filters, Judge& judge) {
    if (!subscription.is_active) return MatchReason::inactive;
    if (!pattern_matches(subscription.event_type, publication.event_type)) return MatchReason::type;
    const bool holds =
        judge.lets_through(filters.find(subscription.filter), subscription.user_id) == true;
    return holds ? MatchReason::matched : MatchReason::filter;
}

}  // namespace

std::string_view to_string(MatchReason reason) noexcept {
    switch (reason) {
        case MatchReason::matched:
            return "matched";
        case MatchReason::inactive:
            return "inactive";
        case MatchReason::type:
            return "type";
        case MatchReason::filter:
            return "filter";
    }
    return "unknown";
}

Result<FilterReport> WebhookService::Impl::test_filter(const std::string& filter,
                                                       const FilterInput& input) const {
    const Result<> payload = check_payload(input.payload, options.max_payload_bytes);
    const Result<FilterPtr> parsed = parse_filter(filter);
    if (!parsed || !payload) {
        std::vector<FieldError> errors;
        if (!parsed) errors = parsed.error().fields();
        if (!payload) {
            const std::vector<FieldError> more = payload.error().fields();
            errors.insert(errors.end(), more.begin(), more.end());
        }
        return Error(std::move(errors));
    }
    Judge judge(input.event_type, json_type, input.payload);
    return FilterReport{.matches = judge.lets_through(*parsed, {}) == true,
                        .conditions = explain(**parsed, filter, judge.candidate())};
}

Result<FilterSample> WebhookService::Impl::test_filter(const Principal& principal,
                                                       const std::string& filter, SubscriptionId id,
                                                       std::stop_token stop) const {
    // A missing subscription takes precedence over invalid input.
    if (const auto found = storage->find_subscription(principal, id); !found) return found.error();
    const Result<FilterPtr> parsed = parse_filter(filter);
    if (!parsed) return parsed.error();
    ListQuery newest{.sort = {{.field = "id", .is_descending = true}},
                     .select = {"id", "eventType", "payload"},
                     .take = max_events_in_filter_test,
                     .has_total = false,
                     .stop = std::move(stop)};
    Result<Page<Event>> events = storage->list_events(principal, id, newest);
    // Fewer of those with large payloads.
    while (!events && events.error().fields() == page_too_large().fields() && newest.take > 1) {
        newest.take /= 2;
        events = storage->list_events(principal, id, newest);
    }
    if (!events) return events.error();
    FilterSample sample;
    std::size_t steps = 0;
    for (const Event& event : events->items) {
        if (event.event_type == test_event_type) continue;
        ++sample.of;
        Judge judge(event.event_type, json_type, event.payload);
        if (judge.lets_through(*parsed, {}) == true) sample.events.push_back(event.id);
        steps += judge.steps();
        if (steps > max_steps_of_call) return too_much();
    }
    return sample;
}

Result<Page<SubscriptionMatch>> WebhookService::Impl::match_event(const Principal& principal,
                                                                  const Publication& publication,
                                                                  std::stop_token stop) const {
    if (Result<> verdict = check_publication(publication, rules(&principal)); !verdict) {
        return verdict.error();
    }
    ListQuery list{.take = max_take, .stop = std::move(stop)};
    if (!publication.user_id.empty()) {
        if (!principal.may_see(publication.user_id)) {
            return Error(Errc::forbidden, "only an administrator may ask for another user");
        }
        list.filter = field("userId") == publication.user_id;
    }
    const Result<Page<Subscription>> found = storage->list_subscriptions(principal, list);
    if (!found) return found.error();
    Judge judge(publication.event_type, publication.content_type, publication.payload);
    filter::FilterCache filters;
    Page<SubscriptionMatch> page{.items = {}, .total = found->total};
    for (const Subscription& subscription : found->items) {
        page.items.push_back({.subscription = subscription.id,
                              .reason = reason_for(subscription, publication, filters, judge)});
        if (judge.steps() > max_steps_of_call) return too_much();
    }
    return page;
}

}  // namespace webhooks
