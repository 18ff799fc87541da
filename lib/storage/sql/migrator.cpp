#include <storage/sql/exchange.hpp>
#include <storage/sql/migrator.hpp>
#include <storage/sql/transaction.hpp>

namespace webhooks::storage {
namespace {

/// FNV-1a, 64 bits: detects edited migrations; it protects against mistakes, not attacks.
long long checksum(std::string_view text) {
    std::uint64_t hash = 14695981039346656037ULL;
    for (const char c : text) {
        hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211ULL;
    }
    return static_cast<long long>(hash);
}

struct Applied {
    int version = 0;
    long long checksum = 0;
};

std::vector<Applied> applied_migrations(soci::session& sql) {
    Applied row;
    std::vector<Applied> rows;
    soci::statement query(sql);
    query.exchange(soci::into(row.version));
    query.exchange(soci::into(row.checksum));
    for_each_row(query, "SELECT version, checksum FROM webhooks_schema ORDER BY version",
                 [&] { rows.push_back(row); });
    return rows;
}

Result<> check_applied(const std::vector<Applied>& applied, std::span<const Migration> known) {
    for (std::size_t i = 0; i < applied.size(); ++i) {
        if (i >= known.size()) {
            return Error(Errc::conflict,
                         "the schema has version " + std::to_string(applied.back().version) +
                             ", this library knows up to " + std::to_string(known.back().version) +
                             "; use the newer library");
        }
        if (applied[i].version != known[i].version ||
            applied[i].checksum != checksum(known[i].text)) {
            return Error(Errc::conflict, "schema version " + std::to_string(applied[i].version) +
                                             " differs from this library's");
        }
    }
    return {};
}

void apply(soci::session& sql, const Migration& migration, Time now) {
    for (const std::string& statement : split_statements(migration.text)) {
        execute(sql, statement);
    }
    const long long sum = checksum(migration.text);
    execute(sql,
            "INSERT INTO webhooks_schema (version, checksum, applied_at) "
            "VALUES (:version, :checksum, :applied_at)",
            soci::use(migration.version), soci::use(sum), soci::use(now));
}

}  // namespace

std::vector<std::string> split_statements(std::string_view text) {
    std::vector<std::string> statements;
    std::string current;
    bool is_in_body = false;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size() - 1) + 1;
        const std::string_view line = text.substr(0, end);
        text.remove_prefix(end);
        if (line.starts_with("--") || (current.empty() && line == "\n")) continue;
        current += line;
        if (line.ends_with("$$\n")) is_in_body = true;
        if (line.ends_with("$$;\n")) is_in_body = false;
        if (is_in_body || !line.ends_with(";\n")) continue;
        current.resize(current.size() - 2);
        statements.push_back(std::exchange(current, {}));
    }
    return statements;
}

Result<> migrate(soci::session& sql, std::span<const Migration> migrations, const char* begin,
                 Time now) {
    Transaction transaction(sql, begin);
    execute(sql,
            "CREATE TABLE IF NOT EXISTS webhooks_schema (version INTEGER PRIMARY KEY, "
            "checksum BIGINT NOT NULL, applied_at BIGINT NOT NULL)");
    const std::vector<Applied> applied = applied_migrations(sql);
    if (Result<> verdict = check_applied(applied, migrations); !verdict) return verdict;
    for (const Migration& migration : migrations.subspan(applied.size())) {
        apply(sql, migration, now);
    }
    transaction.commit();
    return {};
}

Result<> check_schema(soci::session& sql, std::span<const Migration> migrations) {
    const std::vector<Applied> applied = applied_migrations(sql);
    if (Result<> verdict = check_applied(applied, migrations); !verdict) return verdict;
    if (applied.size() == migrations.size()) return {};
    return Error(Errc::conflict, "the schema has version " + std::to_string(applied.size()) +
                                     ", this library needs " +
                                     std::to_string(migrations.back().version) +
                                     "; update it with migrate_postgresql");
}

}  // namespace webhooks::storage
