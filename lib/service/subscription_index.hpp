#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <delivery/endpoint.hpp>
#include <filter/judge.hpp>
#include <map>
#include <memory>
#include <optional>
#include <service/subscription_ids.hpp>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>
#include <webhooks/event_type.hpp>
#include <webhooks/options.hpp>
#include <webhooks/storage.hpp>

namespace webhooks::service {

/// All subscriptions and event types at one revision, in memory: which subscriptions match, and
/// their endpoints. All member functions may be called from any thread at once.
class SubscriptionIndex final : public delivery::Endpoints {
public:
    explicit SubscriptionIndex(EndpointPolicy policy, LogWhileDeactivated logged = {});

    /// Applies changes. Changes older than the known ones are skipped.
    void apply(const Configuration& changes);
    /// Takes in what they say of pauses.
    void apply(const std::vector<Notice>& notices);

    /// The subscriptions that a publication reaches, by its type and by their filters, ascending:
    /// active ones, and those of which events are logged nevertheless.
    struct Match {
        std::vector<SubscriptionId> subscriptions = {};
        std::vector<SubscriptionId> pulled = {};  ///< As in Append.
        Revision revision = 0;
        /// Those of its type whose filter did not let it through: did not hold, or was unknown.
        Filtered filtered = {};
    };
    /// @param owner the owner of the subscriptions; absent: everyone.
    /// @param judge the message's: null before a filter is asked about.
    /// @param steps of the judge's turn; lowered by those that it takes.
    /// @return nullopt: the filters need more than that; repeat it in the next turn.
    std::optional<Match> match(const Message& message, const std::optional<std::string>& owner,
                               std::shared_ptr<filter::Judge>& judge, std::size_t& steps) const;
    /// The same in one turn.
    Match match(const Message& message, const std::optional<std::string>& owner) const;

    std::shared_ptr<const delivery::Endpoint> endpoint(SubscriptionId) const override;

    Revision revision() const;
    /// The number of subscriptions whose secrets cannot be decrypted.
    std::size_t unreadable() const noexcept { return unreadable_; }
    std::uint64_t changes() const noexcept override { return changes_; }
    using EventTypePtr = std::shared_ptr<const EventType>;
    /// All, sorted by name, retired or not.
    std::vector<EventTypePtr> event_types() const;
    /// Null if there is none of this name.
    EventTypePtr event_type(std::string_view name) const;

private:
    struct Entry {
        std::shared_ptr<const delivery::Endpoint> endpoint;
        std::string pattern;
    };
    using FilterPtr = filter::FilterPtr;
    struct OwnedFilter {
        FilterPtr filter;
        std::string owner;
    };

    void put(const Subscription&);
    void remove(SubscriptionId);
    bool is_matched(const Subscription& subscription) const;
    /// Null: it has none.
    FilterPtr filter_of(const Subscription&);
    std::shared_ptr<const delivery::Endpoint> make_endpoint(const Subscription&) const;

    const std::shared_ptr<const EndpointPolicy> policy_;
    const LogWhileDeactivated logged_;
    mutable std::shared_mutex mutex_;
    Revision revision_ = 0;
    std::atomic<std::uint64_t> changes_{0};
    std::atomic<std::size_t> unreadable_{0};
    std::unordered_map<SubscriptionId, Entry> entries_;
    /// Those that match, by pattern.
    std::unordered_map<std::string, SubscriptionIds> by_pattern_;
    /// By the hash of owner and pattern: the texts, which many would have of their own, are those
    /// of their entries.
    std::unordered_map<std::size_t, SubscriptionIds> by_owner_and_pattern_;
    /// By text: many subscriptions often have the same, which is judged once per publication.
    std::unordered_map<std::string, std::weak_ptr<const filter::PayloadFilter>> filters_;
    /// Of those subscriptions that have one.
    std::unordered_map<SubscriptionId, OwnedFilter> filtered_;
    /// Those with `Delivery::pull`. It does not change.
    std::unordered_set<SubscriptionId> pulled_;
    std::map<std::string, EventTypePtr, std::less<>> event_types_;
};

}  // namespace webhooks::service
