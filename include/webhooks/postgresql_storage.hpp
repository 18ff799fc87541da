#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <webhooks/clock.hpp>
#include <webhooks/export.hpp>
#include <webhooks/random.hpp>
#include <webhooks/secret.hpp>
#include <webhooks/storage.hpp>

namespace WEBHOOKS_EXPORT webhooks {

/// Which database of PostgreSQL (13 or later, in UTF-8) keeps a storage, and how it is used. A
/// server that pools connections may stand between, but must keep a session's connection to it.
struct PostgresqlOptions {
    /// A URI (`postgresql://user:password@host/database?sslmode=verify-full`) or `keyword=value`
    /// pairs, as libpq documents them, TLS parameters included. What it says wins over
    /// `connect_timeout`, `tcp_user_timeout` and `application_name`.
    Secret connection = {};
    /// The schema that our tables live in: 1-63 of a-z, 0-9 and _, not beginning with a digit.
    /// `migrate_postgresql` makes it.
    std::string schema = "webhooks";
    /// Connections for the API's calls. A running service has one more of its own. 1-1,000.
    std::size_t connections = 8;
    /// How long a connection may take to come about. 2 s - 10 min, in whole seconds.
    std::chrono::milliseconds connect_timeout = std::chrono::seconds(3);
    /// How long sent data may wait for the peer's acknowledgement before the connection is given
    /// up. 1 s - 10 min.
    std::chrono::milliseconds tcp_user_timeout = std::chrono::seconds(10);
    /// How long a statement may run; also how long the server waits for the next statement of a
    /// transaction, so that one whose client is gone does not keep its locks, and how long a call
    /// waits for a free connection. 100 ms - 1 h.
    std::chrono::milliseconds statement_timeout = std::chrono::seconds(30);
    /// How long each statement of a list query or of statistics may run before the call answers
    /// `timed_out`; a list has one for its page and one for the count. Above `statement_timeout`
    /// that holds. 1 ms - 1 h.
    std::chrono::milliseconds query_timeout = std::chrono::seconds(5);
    /// How long a statement may wait for a lock; longer than `answer_timeout` it waits in vain.
    /// 100 ms - 1 h.
    std::chrono::milliseconds lock_timeout = std::chrono::seconds(2);
    /// How long the server may be silent, on top of what a statement may take, before a connection
    /// is given up. A worker's statements take no time to speak of, so that this is also how soon
    /// `publish` answers when the database does not: 3 s and another second for each 10 MB that are
    /// written. Raise it where commits wait for a slow replica. 1 s - 10 min.
    std::chrono::milliseconds answer_timeout = std::chrono::seconds(3);
    /// By which the database's administrator knows us (pg_stat_activity): 1-63 printable ASCII
    /// characters.
    std::string application_name = "webhooks";
    /// Storage's time; absent: the database's, which all services on one database share.
    std::shared_ptr<Clock> clock = {};
    /// Of the tags of workers; absent: the machine's.
    std::shared_ptr<Random> random = {};

    /// @return invalid_argument with one FieldError for each member out of its range.
    Result<> validate() const;
};

/// Opens a storage that any number of running services may share.
/// @return unavailable when the database cannot be reached; conflict when its schema is not the one
/// that this library needs: an older one is brought up to date by `migrate_postgresql`.
Result<std::shared_ptr<Storage>> make_postgresql_storage(PostgresqlOptions);

/// Makes the schema or brings it up to date; does nothing where it is. Several may be called at
/// once. The user of the database must own the schema or be allowed to make it.
/// @return conflict when the schema is newer than this library.
Result<> migrate_postgresql(const PostgresqlOptions&);

}  // namespace webhooks
