#pragma once

/// @file
/// Publishing inside a host's own transaction: the events exist if and only if it commits.
/// On PostgreSQL (`webhooks::postgresql`) programs in other languages and triggers call the SQL
/// function `webhooks_publish` to the same end: docs/postgresql.md. On SQLite (`webhooks::sqlite`):
/// docs/sqlite.md.

#include <string_view>
#include <webhooks/error.hpp>
#include <webhooks/event.hpp>
#include <webhooks/export.hpp>

typedef struct pg_conn PGconn;   // as libpq-fe.h declares it
typedef struct sqlite3 sqlite3;  // as sqlite3.h declares it

namespace soci {
class session;
}

namespace WEBHOOKS_EXPORT webhooks {

/// Publishes on PostgreSQL, in the transaction that is open on a connection of the host's, by the
/// rules of `WebhookService::publish`. The transaction is the host's to begin, commit or roll back;
/// once it is committed, running services deliver. Each of the two may be called wherever its
/// connection may be used. Nothing is thrown.
///
/// Subscriptions and event types count as the transaction sees them. An empty
/// `Publication::user_id` stands for everyone's subscriptions: who may do so is a matter of the
/// rights on the database. A key is that of the `user_id`, and the same as that user's own in
/// `WebhookService::publish`; whoever publishes with it in another transaction waits until this
/// one ends.
///
/// After an error PostgreSQL takes nothing more in the transaction but a rollback, so that business
/// is never done without its events. A host that would rather go on sets a savepoint before and
/// rolls back to it.
///
/// @param connection its user needs USAGE of the schema and EXECUTE of `webhooks_publish_receipt`.
/// @param schema `PostgresqlOptions::schema`.
/// @return invalid_argument, also where no transaction is open; conflict for an idempotency key
/// used with other content; unavailable when the database does not answer, or has ended the
/// transaction in favour of another (both: repeat it); internal for anything else it objects to.
Result<PublishReceipt> publish_in_transaction(PGconn* connection, const Publication& publication,
                                              std::string_view schema = "webhooks");

/// As above, through SOCI. @param session one on PostgreSQL.
Result<PublishReceipt> publish_in_transaction(soci::session& session,
                                              const Publication& publication,
                                              std::string_view schema = "webhooks");

/// Publishes on SQLite, in the transaction that is open on a connection of the host's to the file
/// of a storage (`SqliteOptions::path`), by the rules of `WebhookService::publish`. The host's own
/// tables lie in that file, too; where it attaches the file to its own database, a transaction is
/// atomic in each of the files, and both are committed unless the process or machine dies between
/// (docs/sqlite.md). Call it wherever the connection may be used. Nothing is thrown.
///
/// Begin the transaction with BEGIN IMMEDIATE, and keep it short: while it is open no other
/// connection writes the file, the service's included, whose calls wait for
/// `SqliteOptions::busy_timeout` and then answer `unavailable`. A running service finds the events
/// by its next heartbeat (`ServiceOptions::heartbeat_interval`, 2 s unless set otherwise).
///
/// Subscriptions, `user_id` and the idempotency key count as on PostgreSQL. An error undoes all
/// that the call did and leaves the transaction open: the host decides whether to commit it without
/// the event. Only where SQLite cannot undo a part, as while `sqlite3_interrupt` or a progress
/// handler aborts every statement, is the whole transaction rolled back, and the error says so.
/// `sqlite3_last_insert_rowid` stays as it was.
///
/// @param connection to the file, or with it attached; in the same process or another one.
/// @param schema by which name the file is attached; "main" is the connection's own.
/// @return invalid_argument, also if no transaction is open or no file has that name; conflict for
/// an idempotency key used with other content, and for a file whose schema is of another version;
/// unavailable if another connection holds a write transaction for longer than this connection
/// waits (`sqlite3_busy_timeout`), or the file cannot be written; internal for anything else,
/// such as a file that no storage has opened yet.
Result<PublishReceipt> publish_in_transaction(sqlite3* connection, const Publication& publication,
                                              std::string_view schema = "main");

}  // namespace webhooks
