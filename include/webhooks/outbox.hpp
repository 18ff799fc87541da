#pragma once

/// @file
/// Publishing inside the host's own transaction: the events exist if and only if it commits. On
/// PostgreSQL (`webhooks::postgresql`), programs in other languages and triggers do the same with
/// the SQL function `webhooks_publish`: docs/postgresql.md. On SQLite (`webhooks::sqlite`):
/// docs/sqlite.md.

#include <string_view>
#include <webhooks/encryption.hpp>
#include <webhooks/error.hpp>
#include <webhooks/event.hpp>
#include <webhooks/export.hpp>

typedef struct pg_conn PGconn;   // as declared in libpq-fe.h
typedef struct sqlite3 sqlite3;  // as declared in sqlite3.h

namespace soci {
class session;
}

namespace WEBHOOKS_EXPORT webhooks {

/// Publishes on PostgreSQL, in the open transaction of one of the host's connections, by the rules
/// of `WebhookService::publish`. The host begins, commits or rolls back the transaction; once it is
/// committed, running services deliver. Each of these functions may be called on any thread that
/// may use its connection. Nothing is thrown.
///
/// Subscriptions and event types are those that the transaction sees. An empty
/// `Publication::user_id` means everyone's subscriptions: the privileges on the database decide who
/// may do this. An idempotency key belongs to `user_id`, and is the same key that this user has in
/// `WebhookService::publish`; another transaction that publishes with it waits until this one ends.
///
/// After an error PostgreSQL accepts only a rollback in the transaction, so that business data is
/// never committed without its events. A host that wants to continue sets a savepoint first and
/// rolls back to it.
///
/// Subscriptions with a filter get their events when a worker has judged them, after the commit:
/// the receipt has the ids of the others only (docs/payload-filters.md).
///
/// @param connection its role needs USAGE on the schema and EXECUTE on `webhooks_publish_receipt`.
/// @param schema `PostgresqlOptions::schema`.
/// @return invalid_argument, also if no transaction is open; conflict for an idempotency key used
/// with other content; unavailable if the database does not respond, or has aborted the transaction
/// in favour of another (repeat it in both cases); unsupported if services encrypt payloads
/// (`EncryptionOptions::payloads`); internal for any other error.
Result<PublishReceipt> publish_in_transaction(PGconn* connection, const Publication& publication,
                                              std::string_view schema = "webhooks");

/// As above, through SOCI. @param session a session on PostgreSQL.
Result<PublishReceipt> publish_in_transaction(soci::session& session,
                                              const Publication& publication,
                                              std::string_view schema = "webhooks");

/// Publishes on SQLite, in the open transaction of one of the host's connections to the file of a
/// storage (`SqliteOptions::path`), by the rules of `WebhookService::publish`. The host's own
/// tables are in that file too. If the host attaches the file to its own database instead, the
/// transaction is atomic within each file, and both are committed unless the process or the machine
/// dies in between (docs/sqlite.md). May be called on any thread that may use the connection.
/// Nothing is thrown.
///
/// Begin the transaction with BEGIN IMMEDIATE, and keep it short: while it is open no other
/// connection can write the file. Calls of the service that write wait for
/// `SqliteOptions::busy_timeout` and then return `unavailable`. A running service finds the events
/// at its next heartbeat (`ServiceOptions::heartbeat_interval`, default 2 s).
///
/// Subscriptions, `user_id` and the idempotency key have the same meaning as on PostgreSQL. An
/// error undoes everything that the call did and leaves the transaction open: the host decides
/// whether to commit it without the event. Only if SQLite cannot undo a part, for example while
/// `sqlite3_interrupt` or a progress handler aborts every statement, is the whole transaction
/// rolled back, and the error says so. `sqlite3_last_insert_rowid` is unchanged.
///
/// @param connection to the file, or with the file attached; in the same process or another one.
/// @param schema the name under which the file is attached; "main" is the connection's own file.
/// @return invalid_argument, also if no transaction is open or no file has that name; conflict for
/// an idempotency key used with other content, and for a file whose schema has another version;
/// unsupported if the service encrypts payloads, which needs keys (below);
/// unavailable if another connection holds a write transaction for longer than this connection
/// waits (`sqlite3_busy_timeout`), or the file cannot be written; internal for anything else, such
/// as a file that no storage has opened yet.
Result<PublishReceipt> publish_in_transaction(sqlite3* connection, const Publication& publication,
                                              std::string_view schema = "main");

/// As above, also where the service encrypts payloads (`EncryptionOptions::payloads`): this
/// publication is encrypted like its own. Where it does not, the keys are not used.
/// @param keys as `EncryptionOptions::keys` of the service. It is asked in the transaction: for the
/// key that encrypts the user's data key, or the current one if the user has none yet, and for that
/// of secrets if there is an idempotency key. Nothing is kept for later calls: a class that asks a
/// key management service should remember what it has.
/// @return also unavailable if a key cannot be obtained now.
Result<PublishReceipt> publish_in_transaction(sqlite3* connection, const Publication& publication,
                                              KeyProvider& keys, std::string_view schema = "main");

}  // namespace webhooks
