#include <soci/soci.h>
#include <soci/sqlite3/soci-sqlite3.h>

#include <algorithm>
#include <filesystem>
#include <storage/sql/exchange.hpp>
#include <storage/sql/sqlite/connection.hpp>
#include <storage/sql/sqlite/kept_statements.hpp>
#include <support/catch.hpp>
#include <support/temporary_folder.hpp>

namespace webhooks::storage {
namespace {

using namespace sqlite_api;
using testing::TemporaryFolder;

struct KeptFixture {
    KeptFixture() : kept(sql) {
        execute(sql, "CREATE TABLE t (n INTEGER, name TEXT)");
        execute(sql, "INSERT INTO t VALUES (1, 'one'), (2, 'two'), (3, NULL)");
    }

    /// The names of rows from a number on.
    std::vector<std::string> names(long long from, const std::string& order = "n") {
        std::vector<std::string> found;
        std::optional<std::string> name;
        soci::statement query(sql);
        query.exchange(soci::into(name));
        query.exchange(soci::use(from, "from"));
        for_each_row(sql, query, select(order), [&] { found.push_back(name.value_or("null")); });
        return found;
    }
    static std::string select(const std::string& order) {
        return "SELECT name FROM t WHERE n >= :from ORDER BY " + order;
    }

    /// The statements that the connection has, prepared and not finalized.
    std::vector<sqlite3_stmt*> statements() {
        std::vector<sqlite3_stmt*> found;
        sqlite3_stmt* next = nullptr;
        while ((next = sqlite3_next_stmt(handle(sql), next)) != nullptr) {
            found.push_back(next);
        }
        return found;
    }

    bool has(const std::string& order) {
        return std::ranges::any_of(statements(), [&](sqlite3_stmt* statement) {
            return sqlite3_sql(statement) == select(order);
        });
    }

    TemporaryFolder folder;
    soci::session sql{soci::sqlite3, folder.file("a.db")};
    KeptStatements kept;
};

TEST_CASE_METHOD(KeptFixture, "a statement that is executed again is not prepared again") {
    CHECK(names(2) == std::vector<std::string>{"two", "null"});
    REQUIRE(statements().size() == 1);
    sqlite3_stmt* const first = statements().front();
    CHECK(names(1) == std::vector<std::string>{"one", "two", "null"});
    CHECK(names(4).empty());
    REQUIRE(statements().size() == 1);
    CHECK(statements().front() == first);
    CHECK(sqlite3_stmt_status(first, SQLITE_STMTSTATUS_RUN, 0) == 3);
}

TEST_CASE_METHOD(KeptFixture, "a kept statement reads a table that was changed since") {
    CHECK(names(3) == std::vector<std::string>{"null"});
    soci::session other(soci::sqlite3, folder.file("a.db"));
    execute(other, "ALTER TABLE t ADD COLUMN more TEXT");
    execute(other, "CREATE INDEX by_n ON t (n)");
    execute(other, "UPDATE t SET name = 'three' WHERE n = 3");
    CHECK(names(3) == std::vector<std::string>{"three"});
}

TEST_CASE_METHOD(KeptFixture, "a kept statement keeps neither values nor a transaction") {
    names(1);
    sqlite3_stmt* const statement = statements().front();
    CHECK(sqlite3_stmt_busy(statement) == 0);
    char* const text = sqlite3_expanded_sql(statement);
    CHECK(std::string(text).find("n >= NULL") != std::string::npos);
    sqlite3_free(text);
}

TEST_CASE_METHOD(KeptFixture, "a statement that failed or was not read to its end is kept") {
    soci::statement query(sql);
    int number = 0;
    query.exchange(soci::into(number));
    int read = 0;
    for_each_row(sql, query, "SELECT n FROM t", [&] { return ++read < 2; });
    CHECK(read == 2);
    REQUIRE(statements().size() == 1);
    CHECK(sqlite3_stmt_busy(statements().front()) == 0);

    soci::statement failing(sql);
    failing.exchange(soci::into(number));
    const std::string overflow = "SELECT abs(-9223372036854775807 - 1)";
    CHECK_THROWS_AS(for_each_row(sql, failing, overflow, [] {}), soci::soci_error);
    CHECK(statements().size() == 2);
    execute(sql, "DROP TABLE t");  // Not locked by one of them.
}

TEST_CASE_METHOD(KeptFixture, "a statement can be executed while it is executed") {
    std::vector<std::string> found;
    std::optional<std::string> name;
    const long long from = 2;
    soci::statement query(sql);
    query.exchange(soci::into(name));
    query.exchange(soci::use(from, "from"));
    for_each_row(sql, query, select("n"), [&] {
        for (const std::string& inner : names(1)) {
            found.push_back(name.value_or("null") + "-" + inner);
        }
    });
    CHECK(found == std::vector<std::string>{"two-one", "two-two", "two-null", "null-one",
                                            "null-two", "null-null"});
    CHECK(statements().size() == 2);
}

TEST_CASE_METHOD(KeptFixture, "few statements are kept, the last ones, and no long one") {
    names(1, "name");
    for (int i = 1; i <= 31; ++i) {
        names(1, "n + " + std::to_string(i));
    }
    names(1, "name");
    CHECK(statements().size() == 32);
    names(1, "n + 32");
    CHECK(statements().size() == 32);
    CHECK(has("n + 32"));
    CHECK(has("name"));
    CHECK(has("n + 2"));
    CHECK_FALSE(has("n + 1"));

    const std::size_t before = statements().size();
    CHECK(names(2, "n" + std::string(5000, ' ')) == std::vector<std::string>{"two", "null"});
    CHECK(statements().size() == before);
}

TEST_CASE("a connection is closed although statements were kept") {
    const TemporaryFolder folder;
    {
        soci::session sql(soci::sqlite3, folder.file("a.db"));
        execute(sql, "PRAGMA journal_mode = WAL");
        KeptStatements kept(sql);
        execute(sql, "CREATE TABLE t (n INTEGER)");
        soci::statement query(sql);
        int number = 0;
        query.exchange(soci::into(number));
        for_each_row(sql, query, "SELECT n FROM t", [] {});
        REQUIRE(std::filesystem::exists(folder.file("a.db-wal")));
    }
    // The last connection removes it.
    CHECK_FALSE(std::filesystem::exists(folder.file("a.db-wal")));
}

}  // namespace
}  // namespace webhooks::storage
