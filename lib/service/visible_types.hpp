#pragma once

#include <service/subscription_index.hpp>
#include <string>
#include <string_view>
#include <vector>
#include <webhooks/principal.hpp>

namespace webhooks::service {

/// The event types that a caller may see. Administrators and the host see all of them, retired or
/// not; others see all but those about workers. Whatever shows or names event types asks here.
class VisibleTypes {
public:
    using EventTypePtr = SubscriptionIndex::EventTypePtr;

    /// @param caller null: the host
    VisibleTypes(const SubscriptionIndex& index, const Principal* caller)
        : index_(index), sees_all_(!caller || caller->is_administrator()) {}

    /// Sorted by name.
    std::vector<EventTypePtr> all() const;
    /// Null if there is none of this name.
    EventTypePtr find(std::string_view name) const;
    /// Whether a pattern matches at least one type that is not retired.
    bool matches_any(std::string_view pattern) const;
    /// The type with the most similar name that is not retired; empty if none is similar.
    std::string nearest(std::string_view name) const;
    /// The same, without operational types.
    std::string nearest_published(std::string_view name) const;

private:
    bool shows(const EventType&) const;

    const SubscriptionIndex& index_;
    bool sees_all_;
};

}  // namespace webhooks::service
