#pragma once

/// @file
/// Storages to measure on: with subscriptions to the sink, and a log of any length.

#include <memory>
#include <row.hpp>
#include <string>
#include <webhooks/webhooks.hpp>

namespace bench {

enum class Place : std::uint8_t { memory, sqlite, postgresql };

/// Subscriptions of users `user_name(0)`, `user_name(1)` ..., so that an event of one user goes to
/// `per_user` of them; their URLs alternate between this many endpoints of the sink.
struct LogShape {
    std::int64_t events = 0;  ///< Delivered ones; not for in-memory storage.
    int subscriptions = 1000;
    int per_user = 1;
    int endpoints = 4;
    bool are_ordered = false;     ///< What is published has an ordering key, one for each user.
    bool are_due = false;         ///< The events failed once, and wait for a retry that is due.
    bool have_key_pairs = false;  ///< Subscriptions sign with Ed25519; only in memory.
    bool is_used_up = false;      ///< By the measurement: it gets a copy.
};

/// Of the first subscription in a log that is not empty; all others share the rest evenly.
inline constexpr std::int64_t watched_events = 5000;

inline constexpr const char* event_type = "bench";
const webhooks::Principal& administrator();
std::string user_name(int);

/// A storage of that shape, created once and copied each time. A log of a million events or more is
/// not copied: later runs use the same one again, and may add to it.
/// @param encryption of the storage, not in memory. A log that is not copied must not be encrypted.
std::shared_ptr<webhooks::Storage> open_log(const Bench&, Place, const LogShape&,
                                            const webhooks::EncryptionOptions& encryption = {});

/// Secrets and payloads, under a key of this process.
webhooks::EncryptionOptions encrypting_everything();

}  // namespace bench
