#pragma once

#include <exception>
#include <string>
#include <webhooks/error.hpp>

namespace webhooks::storage {

/// Converts an exception of SOCI or SQLite for a database file, and says what helps. The text
/// quotes no value and none of SOCI's words.
/// @param how_to_wait how the caller makes a connection wait for longer: an imperative.
Error sqlite_failure(const std::exception& failure, const std::string& path,
                     const char* how_to_wait);

/// Runs a body that throws what SOCI throws, and returns a Result.
template <class Body>
auto guarded(const std::string& path, Body body) -> decltype(body()) {
    try {
        return body();
    } catch (const std::exception& failure) {
        return sqlite_failure(failure, path, "raise SqliteOptions::busy_timeout");
    }
}

}  // namespace webhooks::storage
