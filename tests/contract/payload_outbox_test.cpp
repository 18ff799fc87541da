// Hosts that publish in their own transactions, where services encrypt payloads.

#include <contract/payload_fixture.hpp>
#include <webhooks/outbox.hpp>

namespace webhooks::testing {

#ifdef WEBHOOKS_TEST_SQLITE
TEST_CASE_METHOD(PayloadFixture<SqlitePlace>,
                 "a host's transaction cannot publish where payloads are encrypted") {
    soci::session sql;
    place.connect(sql);
    auto* const backend = static_cast<soci::sqlite3_session_backend*>(sql.get_backend());
    auto* const connection = reinterpret_cast<::sqlite3*>(backend->conn_);
    const auto error = [&] {
        sql << "BEGIN IMMEDIATE";
        const auto receipt = publish_in_transaction(
            connection, {.event_type = "order.created", .payload = payload_canary});
        sql << "COMMIT";
        return receipt ? Error(Errc::internal, "it published") : receipt.error();
    };
    CHECK(error() == Errc::unsupported);
    CHECK_FALSE(place.contains(payload_canary));
    encryption.payloads = false;
    start();
    CHECK(error().detail() == "it published");
}
#endif

#ifdef WEBHOOKS_TEST_POSTGRESQL_PROGRAMS
TEST_CASE_METHOD(PayloadFixture<PostgresqlPlace>, "SQL cannot publish where payloads are encrypted",
                 "[postgresql]") {
    soci::session sql;
    place.connect(sql);
    try {
        sql << "SELECT webhooks_publish('order.created', '{}')";
        FAIL("it published");
    } catch (const soci::postgresql_soci_error& error) {
        CHECK(error.sqlstate() == "0A000");
    }
    CHECK(publish_in_transaction(sql, {.event_type = "order.created", .payload = "{}"}).error() ==
          Errc::invalid_argument);
    sql << "BEGIN";
    CHECK(publish_in_transaction(sql, {.event_type = "order.created", .payload = "{}"},
                                 place.place.schema)
              .error() == Errc::unsupported);
    sql << "ROLLBACK";
    encryption.payloads = false;
    start();
    sql << "SELECT webhooks_publish('order.created', '{}')";
}
#endif

}  // namespace webhooks::testing
