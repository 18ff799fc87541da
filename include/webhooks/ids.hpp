#pragma once

#include <compare>
#include <cstdint>
#include <functional>
#include <iosfwd>
#include <webhooks/export.hpp>

namespace WEBHOOKS_EXPORT webhooks {

/// A 64-bit id that does not mix with the ids of other things. Storage hands out ids from 1 to
/// 2^53 - 1, so that every JSON reader holds them exactly; 0 stands for "none yet".
template <class Tag>
struct Id {
    std::int64_t value = 0;

    constexpr auto operator<=>(const Id&) const = default;
};

/// The number alone.
template <class Tag>
std::ostream& operator<<(std::ostream& out, Id<Tag> id) {
    return out << id.value;
}

using SubscriptionId = Id<struct SubscriptionTag>;
using EventId = Id<struct EventTag>;
using WorkerId = Id<struct WorkerTag>;
using ApiKeyId = Id<struct ApiKeyTag>;

/// Counts the changes of all subscriptions and event types of a storage; grows by every change.
using Revision = std::int64_t;

}  // namespace webhooks

namespace std {

template <class Tag>
struct hash<webhooks::Id<Tag>> {
    size_t operator()(webhooks::Id<Tag> id) const noexcept { return hash<int64_t>{}(id.value); }
};

}  // namespace std
