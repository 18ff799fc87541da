#pragma once

#include <string_view>
#include <webhooks/observer.hpp>

#include "settings.hpp"

namespace server {

/// An upper bound of a key's entropy in bits: its length without repetitions, in characters of the
/// alphabets that it uses. A random key of 128 bits has at least as many.
double bits_of(std::string_view key);

/// Logs settings that are allowed but insecure: a database file that other users can read, and a
/// WEBHOOKS_ADMIN_KEY that can be guessed.
/// @pre the storage is open.
void warn_of_weaknesses(const Settings& settings, webhooks::Observer& log);

}  // namespace server
