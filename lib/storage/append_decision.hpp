#pragma once

/// @file
/// Which appends of a batch are written, replayed or refused: one rule for every storage.

#include <functional>
#include <optional>
#include <vector>
#include <webhooks/export.hpp>
#include <webhooks/storage.hpp>

namespace webhooks::storage {

/// An earlier publication with the same idempotency key.
struct Earlier {
    bool has_same_content = false;
    Appended appended;
};

/// What storage knows of a key within its lifetime. @return an error for an append that cannot be
/// decided now.
using FindEarlier = std::function<Result<std::optional<Earlier>>(const IdempotencyKey&)>;

/// The ids that the events of each append have if it is written, from `first` on. Those of an
/// append that is not written stay unused.
WEBHOOKS_EXPORT std::vector<Appended> reserve(const std::vector<Append>& appends, EventId first);

/// What becomes of each append, those before it in the batch considered. An append that is neither
/// refused nor a replay is to be written, and its key with it.
/// @param reserved as `reserve` has it.
WEBHOOKS_EXPORT std::vector<Result<Appended>> decide(const std::vector<Append>& appends,
                                                     const std::vector<Appended>& reserved,
                                                     const FindEarlier& find_earlier);

/// Whether the verdict on an append says that it is to be written.
inline bool is_new(const Result<Appended>& verdict) {
    return verdict && !verdict->is_replay;
}

}  // namespace webhooks::storage
