#include <storage/sql/failure_text.hpp>
#include <support/catch.hpp>

using webhooks::storage::without_soci_words;

TEST_CASE("a database's message is reported without SOCI's words") {
    CHECK(
        without_soci_words("Cannot establish connection to the database.\nconnection to server at "
                           "\"h\" failed") == "connection to server at \"h\" failed");
    CHECK(without_soci_words("Cannot establish connection to the database. unable to open database "
                             "file") == "unable to open database file");
    CHECK(without_soci_words("sqlite3_statement_backend::prepare: no such table: a.b") ==
          "no such table: a.b");
    CHECK(without_soci_words("Query failed: database is locked") == "database is locked");
    CHECK(without_soci_words("Cannot execute query. ERROR:  relation \"x\" does not exist\n") ==
          "ERROR:  relation \"x\" does not exist\n");
    CHECK(without_soci_words("Cannot prepare statement. Fatal error. ERROR:  column \"x\"") ==
          "ERROR:  column \"x\"");
    CHECK(without_soci_words("server closed the connection unexpectedly Connection failed.") ==
          "server closed the connection unexpectedly");
    CHECK(without_soci_words("ERROR:  cannot drop. more") == "ERROR:  cannot drop. more");
    CHECK(without_soci_words("Cannot seek in BLOB.") == "Cannot seek in BLOB.");
    CHECK(without_soci_words("").empty());
}
