#include "model.hpp"

#include <algorithm>

namespace webhooks::simulation {
namespace {

/// Whose subscriptions a publication reaches; absent: everyone's.
std::optional<std::string> owner_of(const PublicationState& state) {
    if (!state.publication.user_id.empty()) return state.publication.user_id;
    if (state.caller.is_administrator()) return std::nullopt;
    return state.caller.user_id();
}

/// Without evaluating the filter.
bool lets_through(const std::string& filter, int number) {
    return filter.empty() || filter == std::string("payload/kind eq '") + parity_of(number) + "'";
}

/// As the default of `ServiceOptions::log_while_deactivated`.
bool is_matched(const Subscription& subscription) {
    return subscription.is_active ||
           subscription.deactivation_reason == DeactivationReason::failing;
}

}  // namespace

const char* parity_of(int number) {
    return number % 2 == 0 ? "even" : "odd";
}

const std::vector<std::string>& filters() {
    // The last one meets no payload.
    static const std::vector<std::string> all = {"payload/kind eq 'even'", "payload/kind eq 'odd'",
                                                 "payload/missing gt 1"};
    return all;
}

bool is_test(const PublicationState& publication) {
    return publication.only.has_value();
}

bool takes(const std::string& pattern, const std::string& type) {
    if (pattern == "*" || pattern == type) return true;
    return pattern.ends_with(".*") && type.starts_with(pattern.substr(0, pattern.size() - 1));
}

std::vector<SubscriptionId> Model::matching(const PublicationState& publication) const {
    std::vector<SubscriptionId> found;
    for (const auto& [id, state] : subscriptions) {
        const Version& version = state.current();
        if (version.is_deleted) continue;
        const std::optional<std::string> owner = owner_of(publication);
        const bool is_wanted =
            publication.only
                ? id == *publication.only
                : is_matched(version.subscription) &&
                      (!owner || *owner == version.subscription.user_id) &&
                      takes(version.subscription.event_type, publication.publication.event_type) &&
                      lets_through(version.subscription.filter, publication.number);
        if (is_wanted) found.push_back(id);
    }
    return found;
}

const RequestState* EventState::open_request() const {
    const auto found = std::ranges::find_if(requests, [&](const RequestState& request) {
        return !request.is_recorded && request.identity == holder;
    });
    return found == requests.end() ? nullptr : &*found;
}

void EventState::release() {
    holder = {};
    is_deferred = false;
    for (RequestState& request : requests) {
        request.is_recorded = true;
    }
}

bool Model::is_pulled(SubscriptionId id) const {
    return subscriptions.at(id).current().subscription.delivery == Delivery::pull;
}

bool Model::is_awaited(const std::string& user, EventId until) const {
    return std::ranges::any_of(fanned_out, [&](const auto& entry) {
        const auto& [id, event] = entry;
        return id <= until &&
               subscriptions.at(event.subscription).current().subscription.user_id == user;
    });
}

EventId Model::newest_event(SubscriptionId id) const {
    const auto newest = std::find_if(events.rbegin(), events.rend(), [id](const auto& each) {
        return each.second.subscription == id;
    });
    return newest == events.rend() ? EventId{} : newest->first;
}

std::int64_t Model::count_exhausted(SubscriptionId id) const {
    const auto found = exhausted.find(id);
    return found == exhausted.end() ? 0 : found->second;
}

bool Model::is_alive(WorkerId id) const {
    const auto found = identities.find(id);
    return found != identities.end() && !found->second.ended;
}

bool Model::is_held(const EventState& event) const {
    return is_alive(event.holder);
}

bool Model::is_of_same_queue(const EventState& event, const EventState& other) const {
    const std::string& key = publications.at(event.publication).publication.ordering_key;
    if (key.empty() || subscriptions.at(event.subscription).current().is_deleted) return false;
    return other.id != event.id && !other.deleted && !other.is_erased &&
           other.subscription == event.subscription &&
           publications.at(other.publication).publication.ordering_key == key;
}

bool Model::is_behind_another(const EventState& event) const {
    return std::ranges::any_of(events, [&](const auto& entry) {
        const EventState& other = entry.second;
        return other.id < event.id && !other.has_ended() && is_of_same_queue(event, other);
    });
}

bool Model::is_of_dead(const EventState& event) const {
    return event.holder != WorkerId{} && !is_held(event);
}

bool Model::is_recoverable(const EventState& event, SubscriptionId id,
                           const CreationPeriod& period) const {
    if (event.subscription != id || event.attempts.empty() || !period.contains(event.created_at))
        return false;
    if (event.deleted || event.is_erased || (is_held(event) && !event.is_deferred)) return false;
    return event.attempts.back().outcome != Outcome::delivered || event.is_reopened;
}

bool Model::was_unwanted(const EventState& event, Micros since) const {
    const bool is_test_event = is_test(publications.at(event.publication));
    const std::vector<Version>& versions = subscriptions.at(event.subscription).versions;
    for (std::size_t i = 0; i < versions.size(); ++i) {
        const bool ended_before = i + 1 < versions.size() && versions[i + 1].since <= since;
        if (ended_before) continue;
        if (versions[i].is_deleted) return true;
        if (!versions[i].subscription.is_active && !is_test_event) return true;
    }
    return event.deleted.has_value();
}

}  // namespace webhooks::simulation
