#pragma once

#include <string_view>
#include <webhooks/observer.hpp>

#include "settings.hpp"

namespace server {

/// An upper bound of how many bits an attacker has to guess of a key: its length, without what
/// repeats, in characters of the alphabets that it uses. A random key of 128 bits has as many.
double bits_of(std::string_view key);

/// Logs what is allowed, but lets others in more easily than it needs to: a database file that
/// others may read, and a WEBHOOKS_ADMIN_KEY that can be guessed.
/// @pre the storage is open.
void warn_of_weaknesses(const Settings& settings, webhooks::Observer& log);

}  // namespace server
