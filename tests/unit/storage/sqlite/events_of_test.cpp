#include <soci/soci.h>
#include <soci/sqlite3/soci-sqlite3.h>
#include <storage/sql/events_of.hpp>
#include <support/catch.hpp>
#include <support/temporary_folder.hpp>
#include <webhooks/sqlite_storage.hpp>

namespace webhooks::storage {
namespace {

using testing::TemporaryFolder;

/// What SQLite does for a statement, a step a line.
std::string plan(soci::session& sql, const std::string& select) {
    std::string steps;
    const soci::rowset<soci::row> rows = (sql.prepare << "EXPLAIN QUERY PLAN " + select);
    for (const soci::row& row : rows) {
        steps += row.get<std::string>(3) + "\n";
    }
    return steps;
}

TEST_CASE("a page of a subscription on SQLite is read in order from the index and from the end") {
    const TemporaryFolder folder;
    const auto storage = make_sqlite_storage({.path = folder.file("a.db")}).value();
    soci::session sql(soci::sqlite3, folder.file("a.db"));
    const std::string condition =
        GENERATE("",
                 " JOIN webhooks_message m ON m.id = e.message_id LEFT JOIN webhooks_attempt a "
                 "ON a.event_id = e.id AND a.number = 1 WHERE a.status_code > 299");
    const std::string steps =
        plan(sql, "SELECT e.id FROM " + events_of(sql, "subscription_id = 7") + condition +
                      " ORDER BY e.id DESC LIMIT 100");
    INFO(steps);
    const auto has = [&](const char* step) { return steps.find(step) != std::string::npos; };
    CHECK(has("webhooks_event_index USING PRIMARY KEY (subscription_id=? AND id<?)"));
    CHECK(has("webhooks_event USING INTEGER PRIMARY KEY (rowid>?)"));
    CHECK_FALSE(has("TEMP B-TREE"));
    CHECK_FALSE(has("MATERIALIZE"));
}

TEST_CASE("the events of one user on SQLite are read by its subscriptions") {
    const TemporaryFolder folder;
    const auto storage = make_sqlite_storage({.path = folder.file("a.db")}).value();
    soci::session sql(soci::sqlite3, folder.file("a.db"));
    const std::string steps =
        plan(sql, "SELECT count(*) FROM " +
                      events_of(sql,
                                "subscription_id IN (SELECT s.id FROM webhooks_subscription s "
                                "WHERE s.deletion = 0 AND s.user_id = 'u')"));
    INFO(steps);
    CHECK(steps.find("webhooks_event_index USING PRIMARY KEY (subscription_id=? AND id<?)") !=
          std::string::npos);
}

}  // namespace
}  // namespace webhooks::storage
