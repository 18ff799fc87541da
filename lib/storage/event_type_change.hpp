#pragma once

#include <optional>
#include <string>
#include <utility>
#include <webhooks/error.hpp>
#include <webhooks/event_type.hpp>

namespace webhooks::storage {

/// Sets what storage assigns, except for the revision, to a type that replaces another one, if any.
/// @return nullopt if nothing changes.
inline std::optional<EventType> replaced(const std::optional<EventType>& before, EventType type,
                                         Time now) {
    type.retired_at.reset();
    type.created_at = before ? before->created_at : now;
    if (type.deprecation) {
        const bool is_new = !before || !before->deprecation;
        type.deprecation->since = is_new ? now : before->deprecation->since;
    }
    if (before) {
        type.updated_at = before->updated_at;
        type.revision = before->revision;
        if (type == *before) return std::nullopt;
    }
    type.updated_at = now;
    return type;
}

/// The same for one that the host declares, possibly at each of its starts: what an administrator
/// has set or retired stays, unless the host sets it, too.
inline std::optional<EventType> declared(const std::optional<EventType>& before, EventType type,
                                         Time now) {
    if (!before) return replaced(before, std::move(type), now);
    if (before->retired_at) return std::nullopt;
    for (const auto member :
         {&EventType::description, &EventType::group, &EventType::schema, &EventType::example}) {
        if ((type.*member).empty()) type.*member = (*before).*member;
    }
    if (!type.deprecation) type.deprecation = before->deprecation;
    return replaced(before, std::move(type), now);
}

/// @param subscriptions the number of active ones that have exactly this type.
/// @return not_found, or conflict if subscriptions have it, unless that is forced.
inline Result<> check_retirement(const std::optional<EventType>& type, std::size_t subscriptions,
                                 bool force) {
    if (!type || type->retired_at) return Error(Errc::not_found, "no such event type");
    if (force || subscriptions == 0) return {};
    const bool is_one = subscriptions == 1;
    return Error(Errc::conflict, std::to_string(subscriptions) + " active " +
                                     (is_one ? "subscription has" : "subscriptions have") +
                                     " exactly this event type; with force it is retired all the "
                                     "same, and they stay");
}

}  // namespace webhooks::storage
