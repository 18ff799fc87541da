#pragma once

/// @file
/// Which appends of a batch are written, replayed or rejected: one rule for all storages.

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>
#include <webhooks/export.hpp>
#include <webhooks/storage/batch.hpp>

namespace webhooks::storage {

/// How long repetitions of a publication are recognized (`Publication::idempotency_key`).
inline constexpr std::chrono::hours idempotency_lifetime{24};

/// An earlier publication with the same idempotency key.
struct Earlier {
    bool has_same_content = false;
    Appended appended;
};

/// Whether a stored digest, in hexadecimal, is that of the same content.
WEBHOOKS_EXPORT bool has_digest(const IdempotencyKey& key, std::string_view stored);

/// Finds a key within its lifetime. @return an error for an append that cannot be decided now.
using FindEarlier = std::function<Result<std::optional<Earlier>>(const IdempotencyKey&)>;

/// The ids that the events of each append get if it is written, starting at `first`. The ids of an
/// append that is not written remain unused.
WEBHOOKS_EXPORT std::vector<Appended> assign_ids(const std::vector<Append>& appends, EventId first);

/// Whether nothing more may be fanned out for a user.
using IsFull = std::function<bool(const std::string& user)>;

/// Decides each append, considering the earlier ones in the batch. An append that is neither
/// rejected nor a replay must be written, together with its key.
/// @param reserved the result of `assign_ids`.
WEBHOOKS_EXPORT std::vector<Result<Appended>> decide(const std::vector<Append>& appends,
                                                     const std::vector<Appended>& reserved,
                                                     const FindEarlier& find_earlier,
                                                     const IsFull& is_full);

/// Whether the decision is to write the append.
inline bool is_new(const Result<Appended>& verdict) {
    return verdict && !verdict->is_replay;
}

}  // namespace webhooks::storage
