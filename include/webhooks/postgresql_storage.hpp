#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <webhooks/clock.hpp>
#include <webhooks/encryption.hpp>
#include <webhooks/export.hpp>
#include <webhooks/random.hpp>
#include <webhooks/secret.hpp>
#include <webhooks/storage.hpp>

namespace WEBHOOKS_EXPORT webhooks {

/// The PostgreSQL database of a storage (13 or later, UTF-8), and how it is used. A connection
/// pooler in between must keep a session on one server connection.
struct PostgresqlOptions {
    /// A URI (`postgresql://user:password@host/database?sslmode=verify-full`) or `keyword=value`
    /// pairs, as documented by libpq, including TLS parameters. It overrides `connect_timeout`,
    /// `tcp_user_timeout` and `application_name`.
    Secret connection = {};
    /// The schema of the library's tables: 1-63 of a-z, 0-9 and _, not starting with a digit.
    /// `migrate_postgresql` creates it.
    std::string schema = "webhooks";
    /// Connections for API calls. A running service has one more of its own. 1-1,000.
    std::size_t connections = 8;
    /// How long connecting may take. 2 s - 10 min, in whole seconds.
    std::chrono::milliseconds connect_timeout = std::chrono::seconds(3);
    /// How long sent data may remain unacknowledged by the peer before the connection is closed. 1
    /// s - 10 min.
    std::chrono::milliseconds tcp_user_timeout = std::chrono::seconds(10);
    /// How long a statement may run. Also how long the server waits for the next statement of a
    /// transaction, so that a client that has vanished does not keep its locks, and how long a call
    /// waits for a free connection. 100 ms - 1 h.
    std::chrono::milliseconds statement_timeout = std::chrono::seconds(30);
    /// How long each statement of a list query or of statistics may run before the call returns
    /// `timed_out`; a list has one statement for its page and one for the count. If it is longer
    /// than `statement_timeout`, that applies. 1 ms - 1 h.
    std::chrono::milliseconds query_timeout = std::chrono::seconds(5);
    /// How long a statement may wait for a lock. Keep it below `answer_timeout`, which otherwise
    /// ends the wait. 100 ms - 1 h.
    std::chrono::milliseconds lock_timeout = std::chrono::seconds(2);
    /// How long the server may take to respond, in addition to the time that a statement may take,
    /// before the connection is closed. A worker's statements take very little time, so this is
    /// also how soon `publish` returns if the database does not respond: 3 s plus one second for
    /// each 10 MB written. Raise it if commits wait for a slow replica. 1 s - 10 min.
    std::chrono::milliseconds answer_timeout = std::chrono::seconds(3);
    /// The name in the database's list of connections (pg_stat_activity): 1-63 printable ASCII
    /// characters.
    std::string application_name = "webhooks";
    /// The storage's time; absent: the database's clock, which all services on one database share.
    std::shared_ptr<Clock> clock = {};
    /// The source of worker tags; absent: the system's.
    std::shared_ptr<Random> random = {};
    EncryptionOptions encryption = {};

    /// @return invalid_argument with one FieldError for each member out of its range.
    Result<> validate() const;
};

/// Opens a storage that any number of running services can share.
/// @return unavailable if the database cannot be reached; conflict if its schema is not the version
/// that this library needs: `migrate_postgresql` updates an older one; as `EncryptionOptions::keys`
/// if they cannot be obtained, and corrupt if they are not those of this database.
Result<std::shared_ptr<Storage>> make_postgresql_storage(PostgresqlOptions);

/// Creates or updates the schema; does nothing if it is current. Concurrent calls are safe. The
/// database user must own the schema or be allowed to create it.
/// @return conflict if the schema is newer than this library.
Result<> migrate_postgresql(const PostgresqlOptions&);

}  // namespace webhooks
