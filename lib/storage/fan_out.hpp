#pragma once

/// @file
/// Rules common to all storages for appends that are fanned out: their events are created in
/// slices, each in a transaction of its own (docs/decisions/0052-fan-outs-in-slices.md). Which
/// appends are, and how large a slice is, BatchWriter decides.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>
#include <webhooks/export.hpp>
#include <webhooks/storage/batch.hpp>

namespace webhooks::storage {

/// While this many events of one user are still to be created, other appends that are fanned out
/// are rejected for this user.
inline constexpr std::size_t max_waiting_events = 500'000;

/// A part of the events of an append, which are still to be created. Their ids are consecutive.
struct Slice {
    EventId first{};
    std::vector<SubscriptionId> subscriptions = {};
};

/// All slices of an append. @param first the first id of the append
WEBHOOKS_EXPORT std::vector<Slice> slices_of(const Append& append, EventId first,
                                             std::size_t slice_size);

/// As stored: the ids in decimal, with a blank between each.
WEBHOOKS_EXPORT std::string write_ids(const std::vector<SubscriptionId>& ids);
WEBHOOKS_EXPORT std::vector<SubscriptionId> read_ids(const std::string& text);

WEBHOOKS_EXPORT Error too_many_waiting();

/// Whether a batch has appends that are fanned out, written or not.
inline bool fans_out(const Batch& batch) {
    return std::ranges::any_of(batch.appends, &Append::is_fanned_out);
}

}  // namespace webhooks::storage
