#include <algorithm>
#include <base/ascii.hpp>
#include <filter/filter_cache.hpp>
#include <iterator>
#include <mutex>
#include <service/subscription_index.hpp>
#include <webhooks/operational.hpp>

namespace webhooks::service {
namespace {

/// Calls `use` with every pattern that matches a type that a host publishes: the type itself, `*`,
/// and each of its prefixes with `.*`.
/// @param head what each pattern is appended to, in the same string.
template <class Use>
void for_each_pattern(std::string head, std::string_view event_type, Use use) {
    const std::size_t size = head.size();
    const auto use_with_head = [&](std::string_view prefix, std::string_view rest) {
        head.resize(size);
        use(head.append(prefix).append(rest));
    };
    head.reserve(size + event_type.size() + 2);
    use_with_head(event_type, "");
    use_with_head("", "*");
    for (std::size_t dot = event_type.find('.'); dot != std::string_view::npos;
         dot = event_type.find('.', dot + 1)) {
        use_with_head(event_type.substr(0, dot), ".*");
    }
}

/// Neither part contains U+0000.
std::string owner_and_pattern(const std::string& owner, const std::string& pattern) {
    return owner + '\0' + pattern;
}

/// A trace of the service's own takes the place of headers that the subscription sets.
/// @return null: it sets none.
std::shared_ptr<const Target> without_trace(const Target& target) {
    const auto is_of_trace = [](const Header& header) {
        const std::string name = ascii::lower(header.name);
        return name == "traceparent" || name == "tracestate";
    };
    if (std::ranges::none_of(target.headers, is_of_trace)) return nullptr;
    auto made = std::make_shared<Target>(target);
    std::erase_if(made->headers, is_of_trace);
    return made;
}

std::size_t hash_of(const std::string& owner_and_pattern) {
    return std::hash<std::string>()(owner_and_pattern);
}

template <class Map>
void erase_from(Map& map, const typename Map::key_type& key, SubscriptionId id) {
    const auto found = map.find(key);
    if (found == map.end()) return;
    found->second.erase(id);
    if (found->second.empty()) map.erase(found);
}

}  // namespace

SubscriptionIndex::SubscriptionIndex(EndpointPolicy policy, LogWhileDeactivated logged)
    : policy_(std::make_shared<EndpointPolicy>(std::move(policy))), logged_(logged) {
    for (const EventType& type : operational_event_types()) {
        event_types_.emplace(type.name, std::make_shared<const EventType>(type));
    }
}

bool SubscriptionIndex::is_matched(const Subscription& subscription) const {
    if (subscription.is_active) return true;
    return (logged_.failing && subscription.deactivation_reason == DeactivationReason::failing) ||
           (logged_.gone && subscription.deactivation_reason == DeactivationReason::gone);
}

void SubscriptionIndex::apply(const Configuration& changes) {
    const std::unique_lock lock(mutex_);
    if (changes.revision <= revision_) return;
    ++changes_;  // First: who notices it waits for the lock, and memory may run out below.
    for (const SubscriptionId id : changes.deleted) {
        remove(id);
    }
    for (const Subscription& subscription : changes.subscriptions) {
        put(subscription);
    }
    for (const EventType& type : changes.event_types) {
        event_types_.insert_or_assign(type.name, std::make_shared<const EventType>(type));
    }
    // Last: if memory runs out before, all of it is read and applied again, and until then storage
    // rejects what is matched by the old revision.
    revision_ = changes.revision;
}

void SubscriptionIndex::apply(const std::vector<Notice>& notices) {
    const std::unique_lock lock(mutex_);
    ++changes_;
    for (const Notice& notice : notices) {
        const auto found = entries_.find(notice.subscription);
        if (notice.deleted_event || found == entries_.end()) continue;
        std::shared_ptr<const delivery::Endpoint>& endpoint = found->second.endpoint;
        if (endpoint->revision != notice.revision) continue;
        auto changed = std::make_shared<delivery::Endpoint>(*endpoint);
        delivery::EndpointExtras extras = endpoint->extras();
        if (notice.notified_failing_since) {
            extras.notified_failing_since = notice.notified_failing_since;
        } else {
            extras.paused_until = notice.paused_until;
        }
        changed->set_extras(std::move(extras));
        endpoint = std::move(changed);
    }
}

/// The entry is replaced in one step, so that delivery never misses a subscription that exists. If
/// memory runs out, the subscription is in no pattern.
void SubscriptionIndex::put(const Subscription& subscription) {
    const SubscriptionId id = subscription.id;
    Entry made{.endpoint = make_endpoint(subscription), .pattern = subscription.event_type};
    const std::string& owner = subscription.user_id;
    const std::string& pattern = subscription.event_type;
    const std::size_t owned = hash_of(owner_and_pattern(owner, pattern));
    FilterPtr filter = filter_of(subscription);
    const auto old = entries_.find(id);
    const bool was_unreadable = old != entries_.end() && old->second.endpoint->is_unreadable;
    if (old != entries_.end()) {
        erase_from(by_owner_and_pattern_, hash_of(owner_and_pattern(owner, old->second.pattern)),
                   id);
        erase_from(by_pattern_, old->second.pattern, id);
    }
    filtered_.erase(id);
    try {
        if (filter) filtered_.emplace(id, OwnedFilter{std::move(filter), owner});
        if (subscription.delivery == Delivery::pull) pulled_.insert(id);
        if (is_matched(subscription)) {
            by_pattern_[pattern].insert(id);
            by_owner_and_pattern_[owned].insert(id);
        }
        if (old == entries_.end()) {
            entries_.emplace(id, std::move(made));
        } else {
            old->second = std::move(made);
        }
    } catch (...) {
        erase_from(by_pattern_, pattern, id);
        erase_from(by_owner_and_pattern_, owned, id);
        throw;
    }
    unreadable_ += subscription.is_unreadable;
    unreadable_ -= was_unreadable;
}

void SubscriptionIndex::remove(SubscriptionId id) {
    const auto found = entries_.find(id);
    if (found == entries_.end()) return;
    const Entry& entry = found->second;
    const std::size_t owned = hash_of(owner_and_pattern(entry.endpoint->owner, entry.pattern));
    unreadable_ -= entry.endpoint->is_unreadable;
    erase_from(by_pattern_, entry.pattern, id);
    erase_from(by_owner_and_pattern_, owned, id);
    filtered_.erase(id);
    pulled_.erase(id);
    entries_.erase(found);
}

std::shared_ptr<const delivery::Endpoint> SubscriptionIndex::make_endpoint(
    const Subscription& subscription) const {
    auto endpoint = std::make_shared<delivery::Endpoint>();
    endpoint->id = subscription.id;
    endpoint->owner = subscription.user_id;
    endpoint->secret = subscription.secret;
    endpoint->max_retry_count = subscription.max_retry_count;
    endpoint->rate_limit = subscription.rate_limit;
    endpoint->timeout = subscription.timeout;
    endpoint->retry_on = subscription.retry_on;
    endpoint->is_active = subscription.is_active;
    endpoint->is_unreadable = subscription.is_unreadable;
    endpoint->revision = subscription.revision;
    delivery::EndpointExtras extras{.retired_secrets = subscription.retired_secrets,
                                    .failing_since = subscription.failing_since,
                                    .paused_until = subscription.paused_until,
                                    .notified_failing_since = subscription.notified_failing_since};
    // Checked again, because the rules may have become stricter since it was saved.
    Result<EndpointUrl> url = EndpointUrl::parse(subscription.url);
    Result<> verdict = url ? check_url(*url, *policy_) : Result<>(url.error());
    if (verdict) verdict = check_headers(subscription.headers);
    if (verdict) {
        endpoint->target = std::make_shared<Target>(
            Target{.url = *std::move(url), .headers = subscription.headers, .policy = policy_});
        extras.traced_target = without_trace(*endpoint->target);
    } else {
        extras.target_error = verdict.error().detail();
    }
    endpoint->set_extras(std::move(extras));
    return endpoint;
}

SubscriptionIndex::FilterPtr SubscriptionIndex::filter_of(const Subscription& subscription) {
    if (subscription.filter.empty()) return nullptr;
    // The texts of filters that are no longer in use.
    if (filters_.size() > 2 * filtered_.size()) {
        std::erase_if(filters_, [](const auto& entry) { return entry.second.expired(); });
    }
    std::weak_ptr<const filter::PayloadFilter>& known = filters_[subscription.filter];
    FilterPtr shared = known.lock();
    if (shared) return shared;
    shared = filter::saved_filter(subscription.filter);
    known = shared;
    return shared;
}

std::optional<SubscriptionIndex::Match> SubscriptionIndex::match(
    const Message& message, const std::optional<std::string>& owner,
    std::shared_ptr<filter::Judge>& judge, std::size_t& steps) const {
    std::shared_lock lock(mutex_);
    Match match{.revision = revision_};
    const auto add = [&match](SubscriptionId id) { match.subscriptions.push_back(id); };
    const auto add_of_everyone = [&](const std::string& pattern) {
        const auto found = by_pattern_.find(pattern);
        if (found != by_pattern_.end()) found->second.for_each(add);
    };
    const auto add_of_owner = [&](const std::string& key) {
        const auto found = by_owner_and_pattern_.find(hash_of(key));
        if (found == by_owner_and_pattern_.end()) return;
        const std::string_view pattern = std::string_view(key).substr(owner->size() + 1);
        found->second.for_each([&](SubscriptionId id) {
            const Entry& entry = entries_.at(id);
            if (entry.endpoint->owner == *owner && entry.pattern == pattern) add(id);
        });
    };
    if (owner) {
        for_each_pattern(owner_and_pattern(*owner, {}), message.event_type, add_of_owner);
    } else {
        for_each_pattern({}, message.event_type, add_of_everyone);
    }
    std::ranges::sort(match.subscriptions);
    if (!pulled_.empty()) {
        std::ranges::copy_if(match.subscriptions, std::back_inserter(match.pulled),
                             [this](SubscriptionId id) { return pulled_.contains(id); });
    }
    if (filtered_.empty()) return match;
    std::unordered_map<SubscriptionId, OwnedFilter> filters;
    for (const SubscriptionId id : match.subscriptions) {
        const auto found = filtered_.find(id);
        if (found != filtered_.end()) filters.insert(*found);
    }
    lock.unlock();
    if (filters.empty()) return match;
    if (!judge) {
        judge = std::make_shared<filter::Judge>(message.event_type, message.content_type,
                                                *message.payload);
    }
    const std::size_t before = judge->steps();
    judge->begin(steps);
    bool is_judged = true;
    std::erase_if(match.subscriptions, [&](SubscriptionId id) {
        const auto found = is_judged ? filters.find(id) : filters.end();
        if (found == filters.end()) return false;
        const OwnedFilter& owned = found->second;
        const std::optional<filter::Judgement> judgement =
            judge->judgement(owned.filter, owned.owner);
        is_judged = judgement.has_value();
        if (!judgement || judgement == filter::Judgement::passes) return false;
        match.filtered.subscriptions.push_back(id);
        if (judgement == filter::Judgement::unjudged) match.filtered.unjudged.push_back(id);
        return true;
    });
    steps -= std::min(steps, judge->steps() - before);
    if (!is_judged) return std::nullopt;
    std::erase_if(match.pulled, [&](SubscriptionId id) {
        return std::ranges::binary_search(match.filtered.subscriptions, id);
    });
    return match;
}

SubscriptionIndex::Match SubscriptionIndex::match(const Message& message,
                                                  const std::optional<std::string>& owner) const {
    std::shared_ptr<filter::Judge> judge;
    std::size_t steps = filter::Judge::unlimited;
    return *match(message, owner, judge, steps);
}

std::shared_ptr<const delivery::Endpoint> SubscriptionIndex::endpoint(SubscriptionId id) const {
    const std::shared_lock lock(mutex_);
    const auto found = entries_.find(id);
    return found == entries_.end() ? nullptr : found->second.endpoint;
}

Revision SubscriptionIndex::revision() const {
    const std::shared_lock lock(mutex_);
    return revision_;
}

std::vector<SubscriptionIndex::EventTypePtr> SubscriptionIndex::event_types() const {
    const std::shared_lock lock(mutex_);
    std::vector<EventTypePtr> types;
    for (const auto& [name, type] : event_types_) {
        types.push_back(type);
    }
    return types;
}

SubscriptionIndex::EventTypePtr SubscriptionIndex::event_type(std::string_view name) const {
    const std::shared_lock lock(mutex_);
    const auto found = event_types_.find(name);
    return found == event_types_.end() ? nullptr : found->second;
}

}  // namespace webhooks::service
