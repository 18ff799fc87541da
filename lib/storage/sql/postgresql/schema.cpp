#include <storage/sql/exchange.hpp>
#include <storage/sql/postgresql/schema.hpp>

#include <storage/sql/migrator.hpp>
#include <storage/sql/overview.hpp>
#include <storage/sql/postgresql/connection.hpp>
#include <webhooks/clock.hpp>
#include <webhooks/postgresql_storage.hpp>

namespace webhooks {
namespace storage {
namespace {

using soci::into;
using soci::use;

bool exists(soci::session& sql, const char* query, const std::string& schema) {
    int count = 0;
    execute(sql, query, into(count), use(schema, "schema"));
    return count > 0;
}

}  // namespace

Result<> check_server(soci::session& sql) {
    constexpr int min_version = 130000;
    int version = 0;
    std::string encoding;
    execute(sql,
            "SELECT current_setting('server_version_num')::integer, "
            "current_setting('server_encoding')",
            into(version), into(encoding));
    if (version < min_version) {
        return Error(Errc::conflict, "PostgreSQL: the server is older than version 13");
    }
    if (encoding != "UTF8") {
        return Error(Errc::conflict, "PostgreSQL: the database's encoding is not UTF8");
    }
    return {};
}

Result<> check_tables(soci::session& sql, const std::string& schema) {
    const bool is_there = exists(sql,
                                 "SELECT count(*) FROM pg_tables WHERE schemaname = :schema "
                                 "AND tablename = 'webhooks_schema'",
                                 schema);
    if (!is_there) {
        return Error(Errc::conflict, "PostgreSQL: the database has no tables in the schema '" +
                                         schema + "'; create them with migrate_postgresql");
    }
    return check_schema(sql, postgresql_migrations());
}

StorageInfo storage_info(soci::session& sql) {
    StorageInfo info{.kind = "postgresql", .schema_version = schema_version(sql)};
    execute(sql,
            "SELECT coalesce(sum(pg_total_relation_size(c.oid)), 0)::bigint, "
            "(SELECT count(*) FROM webhooks_partition) FROM pg_class c "
            "WHERE c.relkind = 'r' AND c.relnamespace = "
            "(SELECT relnamespace FROM pg_class WHERE oid = 'webhooks_event'::regclass)",
            into(info.bytes), into(info.partitions));
    return info;
}

}  // namespace storage

Result<> migrate_postgresql(const PostgresqlOptions& options) {
    using namespace storage;
    if (Result<> verdict = options.validate(); !verdict) return verdict;
    try {
        PostgresqlConnection connection(options, Planning::by_cost, nullptr);
        soci::session& sql = connection.sql();
        if (Result<> verdict = check_server(sql); !verdict) return verdict;
        // A lock of the session, which ends here: no other migrator runs meanwhile.
        execute(sql, "SELECT pg_advisory_lock(hashtext('webhooks migration'))");
        execute(sql, "SET statement_timeout = 0");
        if (!exists(sql, "SELECT count(*) FROM pg_namespace WHERE nspname = :schema",
                    options.schema)) {
            execute(sql, "CREATE SCHEMA \"" + options.schema + "\"");
        }
        return migrate(sql, postgresql_migrations(), "BEGIN",
                       options.clock ? options.clock->now() : system_clock()->now());
    } catch (const std::exception& failure) {
        return postgresql_error(failure);
    }
}

}  // namespace webhooks
