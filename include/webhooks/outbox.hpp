#pragma once

/// @file
/// Publishing inside a host's own transaction on PostgreSQL: the events exist if and only if it
/// commits. Programs in other languages, triggers and hands call the SQL function
/// `webhooks_publish` to the same end: docs/postgresql.md.

#include <string_view>
#include <webhooks/error.hpp>
#include <webhooks/event.hpp>
#include <webhooks/export.hpp>

typedef struct pg_conn PGconn;  // as libpq-fe.h has it

namespace soci {
class session;
}

namespace WEBHOOKS_EXPORT webhooks {

/// Publishes in the transaction that is open on a connection of the host's, by the rules of
/// `WebhookService::publish`. The transaction is the host's to begin, commit or roll back; once it
/// is committed, running services deliver. Each of the two may be called wherever its connection
/// may be used. Nothing is thrown.
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

}  // namespace webhooks
