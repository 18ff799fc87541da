#pragma once

#include <compare>
#include <cstdint>
#include <functional>
#include <iosfwd>
#include <webhooks/export.hpp>

namespace WEBHOOKS_EXPORT webhooks {

/// A 64-bit id that cannot be confused with the ids of other types. Storage assigns ids from 1 to
/// 2^53 - 1, so that every JSON parser represents them exactly; 0 means "none yet".
template <class Tag>
struct Id {
    std::int64_t value = 0;

    constexpr auto operator<=>(const Id&) const = default;
};

/// Prints only the number.
template <class Tag>
std::ostream& operator<<(std::ostream& out, Id<Tag> id) {
    return out << id.value;
}

using SubscriptionId = Id<struct SubscriptionTag>;
using EventId = Id<struct EventTag>;
using WorkerId = Id<struct WorkerTag>;
using ApiKeyId = Id<struct ApiKeyTag>;
using PortalSessionId = Id<struct PortalSessionTag>;
using AuditId = Id<struct AuditTag>;

/// Counts the changes of all subscriptions and event types of a storage; increases with every
/// change.
using Revision = std::int64_t;

}  // namespace webhooks

namespace std {

template <class Tag>
struct hash<webhooks::Id<Tag>> {
    size_t operator()(webhooks::Id<Tag> id) const noexcept { return hash<int64_t>{}(id.value); }
};

}  // namespace std
