#pragma once

#include <soci/soci.h>

#include <exception>
#include <webhooks/error.hpp>
#include <webhooks/sqlite_storage.hpp>

namespace webhooks::storage {

/// Opens the database and sets up the connection. Throws what SOCI throws.
void open_connection(soci::session& sql, const SqliteOptions& options);

/// Says what an exception of SOCI or SQLite means. The text quotes no value.
Error translate(const std::exception& failure);

/// Runs a body that throws what SOCI throws, and makes a Result of it.
template <class Body>
auto guarded(Body body) -> decltype(body()) {
    try {
        return body();
    } catch (const std::exception& failure) {
        return translate(failure);
    }
}

}  // namespace webhooks::storage
