#include <algorithm>
#include <base/nearest.hpp>
#include <publication/operational.hpp>
#include <publication/pattern.hpp>
#include <service/visible_types.hpp>

namespace webhooks::service {
namespace {

using EventTypePtr = VisibleTypes::EventTypePtr;

std::string nearest_of(std::string_view name, const std::vector<EventTypePtr>& types,
                       bool are_published_by_hosts) {
    std::vector<std::string_view> names;
    for (const EventTypePtr& type : types) {
        if (type->retired_at) continue;
        if (are_published_by_hosts && type->name.starts_with(operational_prefix)) continue;
        names.push_back(type->name);
    }
    return std::string(webhooks::nearest(name, names));
}

}  // namespace

bool VisibleTypes::shows(const EventType& type) const {
    return sees_all_ || !is_for_operators(type.name);
}

std::vector<EventTypePtr> VisibleTypes::all() const {
    std::vector<EventTypePtr> types = index_.event_types();
    std::erase_if(types, [this](const EventTypePtr& type) { return !shows(*type); });
    return types;
}

EventTypePtr VisibleTypes::find(std::string_view name) const {
    EventTypePtr type = index_.event_type(name);
    return type && shows(*type) ? type : nullptr;
}

bool VisibleTypes::matches_any(std::string_view pattern) const {
    return std::ranges::any_of(all(), [&](const EventTypePtr& type) {
        return !type->retired_at && pattern_matches(pattern, type->name);
    });
}

std::string VisibleTypes::nearest(std::string_view name) const {
    return nearest_of(name, all(), false);
}

std::string VisibleTypes::nearest_published(std::string_view name) const {
    return nearest_of(name, all(), true);
}

}  // namespace webhooks::service
