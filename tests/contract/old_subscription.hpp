#pragma once

#include <soci/soci.h>
#include <contract/storages.hpp>

namespace webhooks::testing {

/// Undoes migration 27 of SQLite.
inline void undo_event_index(soci::session& sql) {
    sql << "DROP TRIGGER webhooks_event_deleted";
    sql << "DROP TABLE webhooks_event_index";
    sql << "ALTER TABLE webhooks_state DROP COLUMN indexed_to";
    sql << "CREATE INDEX webhooks_event_subscription "
           "ON webhooks_event (subscription_id, id, created_at)";
}

/// Undoes migrations 23, 25, 26 and 27, except for their functions.
inline void undo_latest(soci::session& sql) {
    if (sql.get_backend_name() != "postgresql") undo_event_index(sql);
    sql << "ALTER TABLE webhooks_rollup DROP COLUMN unjudged";
    sql << "DROP TABLE webhooks_fan_out";
    sql << "ALTER TABLE webhooks_subscription DROP COLUMN delivery";
    sql << "ALTER TABLE webhooks_message DROP COLUMN deliver_at";
}

/// Undoes migrations 21 to 27 of PostgreSQL.
inline void make_publish_old(soci::session& sql) {
    undo_latest(sql);
    for (const char* function :
         {"webhooks_ordering_lock", "webhooks_append", "webhooks_publish",
          "webhooks_publish_receipt", "webhooks_digest", "webhooks_publish_stored",
          "webhooks_publish_encrypted", "webhooks_publish_keys"}) {
        sql << std::string("DROP FUNCTION ") + function;
    }
    sql << "DROP INDEX webhooks_unmatched_key";
    sql << "ALTER TABLE webhooks_unmatched DROP COLUMN ordering_key, DROP COLUMN place, "
           "DROP COLUMN key_id";
    sql << "CREATE FUNCTION webhooks_append(bigint, bigint[], text, text, text, bigint, bigint, "
           "bigint) "
           "RETURNS void LANGUAGE sql AS 'SELECT'";
    for (const char* function : {"webhooks_publish", "webhooks_publish_receipt"}) {
        sql << std::string("CREATE FUNCTION ") + function +
                   "(text, text, text, text, text, timestamptz, timestamptz, "
                   "OUT event_ids bigint[], OUT is_replay boolean) LANGUAGE sql "
                   "AS 'SELECT ARRAY[]::bigint[], false'";
    }
    sql << "DELETE FROM webhooks_schema WHERE version >= 21";
}

/// Downgrades an empty schema to version 3, and inserts a subscription and keys.
inline void make_old(soci::session& sql) {
    sql.get_backend_name() == "postgresql" ? make_publish_old(sql) : undo_latest(sql);
    sql << "DROP TABLE webhooks_feed";
    for (const char* column : {"type_group", "json_schema", "example", "deprecated_at", "successor",
                               "note", "retired_at", "created_at", "updated_at", "revision"}) {
        sql << std::string("ALTER TABLE webhooks_event_type DROP COLUMN ") + column;
    }
    sql << "DROP TABLE webhooks_audit";
    sql << "DROP TABLE webhooks_operational";
    sql << "DROP INDEX webhooks_subscription_operational";
    sql << "DROP INDEX webhooks_subscription_operator";
    for (const char* column : {"operational_minute", "operational_events"}) {
        sql << std::string("ALTER TABLE webhooks_state DROP COLUMN ") + column;
    }
    for (const char* column : {"is_lost", "taken_over"}) {
        sql << std::string("ALTER TABLE webhooks_worker DROP COLUMN ") + column;
    }
    for (const char* column :
         {"timeout_seconds", "retry_on", "deactivation_reason", "deactivated_at", "operator_scope",
          "notified_failing_since", "key_id", "filter"}) {
        sql << std::string("ALTER TABLE webhooks_subscription DROP COLUMN ") + column;
    }
    sql << "ALTER TABLE webhooks_undelivered DROP COLUMN is_requested";
    sql << "ALTER TABLE webhooks_message DROP COLUMN trace";
    sql << "ALTER TABLE webhooks_message DROP COLUMN key_id";
    sql << "DROP TABLE webhooks_ordered";
    sql << "ALTER TABLE webhooks_message DROP COLUMN ordering_key";
    sql << "ALTER TABLE webhooks_attempt DROP COLUMN key_id";
    sql << "ALTER TABLE webhooks_state DROP COLUMN encrypts_payloads";
    sql << "ALTER TABLE webhooks_attempt DROP COLUMN details";
    sql << "ALTER TABLE webhooks_state DROP COLUMN last_notice";
    sql << "DROP TABLE webhooks_notice";
    sql << "DROP TABLE webhooks_rollup";
    sql << "DROP TABLE IF EXISTS webhooks_unmatched";
    if (sql.get_backend_name() == "postgresql") {
        sql << "DROP FUNCTION webhooks_check_event_type";
    }
    sql << "DROP TABLE webhooks_data_key";
    sql << "DROP TABLE webhooks_portal_session";
    sql << "ALTER TABLE webhooks_worker DROP COLUMN report";
    for (const char* column : {"name", "permissions", "subscription_id", "expires_at",
                               "rate_per_second", "rate_burst", "hint", "last_used_at"}) {
        sql << std::string("ALTER TABLE webhooks_api_key DROP COLUMN ") + column;
    }
    sql << "INSERT INTO webhooks_api_key (hash, user_id, is_administrator, created_at) "
           "VALUES ('6161', 'alice', 0, 0), ('6262', 'boss', 1, 0)";
    sql << "DELETE FROM webhooks_schema WHERE version >= 4";
    sql << "INSERT INTO webhooks_subscription (user_id, name, event_type, url, secret, headers, "
           "max_retry_count, is_active, rate_limit, retired_secrets, created_at, updated_at, "
           "revision) VALUES ('alice', 'old', '*', 'https://hooks.example.com/', 's3cret', '', 4, "
           "1, 0, '', 0, 0, 2)";
}

inline void check_defaults(Storage& storage) {
    const auto all = storage.list_subscriptions(alice, {}).value().items;
    REQUIRE(all.size() == 1);
    CHECK(all[0].name == "old");
    CHECK(all[0].timeout == std::chrono::seconds(0));
    CHECK(all[0].retry_on.is_everything());
    CHECK_FALSE(all[0].operator_scope);
    CHECK(all[0].filter.empty());
    CHECK(all[0].delivery == Delivery::push);
    CHECK(storage.find_api_key("aa").value()->permissions == Permissions::user());
    CHECK(storage.find_api_key("bb").value()->permissions == Permissions::administrator());
    CHECK(storage.list_api_keys().value().at(1).permissions == Permissions::administrator());
}

}  // namespace webhooks::testing
