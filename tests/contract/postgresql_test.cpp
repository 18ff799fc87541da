#include <contract/audit_failure.hpp>
#include <contract/heavy_query.hpp>
#include <contract/old_subscription.hpp>
#include <contract/postgresql_fixture.hpp>
#include <filesystem>
#include <fstream>

#ifdef WEBHOOKS_TEST_POSTGRESQL_PROGRAMS

namespace webhooks::testing {
namespace {

using namespace std::chrono_literals;

std::vector<std::string> wrong_members(const PostgresqlOptions& options) {
    std::vector<std::string> members;
    const Result<> verdict = options.validate();
    if (verdict) return members;
    for (const FieldError& field_error : verdict.error().fields()) {
        members.push_back(field_error.field);
    }
    return members;
}

}  // namespace

// ---- Options and schema.

TEST_CASE("errors in options of PostgreSQL name the wrong member", "[postgresql]") {
    CHECK(wrong_members({}).empty());
    CHECK(wrong_members({.connection = Secret("postgresql://u:p@h:5433/d?sslmode=verify-full")})
              .empty());
    CHECK(wrong_members({.connection = Secret("host=/tmp password='a b' user=x")}).empty());
    CHECK(wrong_members({.connection = Secret("nonsense"),
                         .schema = "Upper",
                         .connections = 0,
                         .connect_timeout = 1s,
                         .tcp_user_timeout = 0s,
                         .statement_timeout = 2h,
                         .query_timeout = 0ms,
                         .lock_timeout = 1ms,
                         .answer_timeout = 1ms,
                         .application_name = "\n"}) ==
          std::vector<std::string>{"connection", "schema", "application_name", "connections",
                                   "connect_timeout", "tcp_user_timeout", "statement_timeout",
                                   "query_timeout", "lock_timeout", "answer_timeout"});
    for (const char* schema : {"", "1a", "a b", "a\"b", "a;b"}) {
        CHECK(wrong_members({.schema = schema}) == std::vector<std::string>{"schema"});
    }
}

TEST_CASE_METHOD(PostgresqlFixture,
                 "a change on PostgreSQL whose audit record cannot be written does not happen",
                 "[postgresql]") {
    check_nothing_without_audit(*storage, [this] {
        soci::session sql;
        open(sql);
        sql << "ALTER TABLE webhooks_audit ADD CONSTRAINT no_audit CHECK (false) NOT VALID";
    });
}

TEST_CASE_METHOD(PostgresqlFixture, "a query that times out on PostgreSQL says so",
                 "[postgresql]") {
    const HeavyQuery heavy(*this);
    PostgresqlOptions options = place.options(clock);
    options.query_timeout = 5ms;
    heavy.check_that_it_ends(*make_postgresql_storage(options).value());
    heavy.check_that_it_stops(*storage);
    CHECK(storage->list_events(alice, heavy.id, HeavyQuery::query()).value().total == 0);
}

TEST_CASE("no error of PostgreSQL contains the password", "[postgresql]") {
    for (const char* connection :
         {"postgresql://user:canary@127.0.0.1:1/db", "postgresql://user:canary@host:nonsense/db",
          "canary", "password=canary canary", "postgresql://user:canary@host/db?nonsense=1"}) {
        const PostgresqlOptions options{.connection = Secret(connection)};
        for (const Error& error :
             {make_postgresql_storage(options).error(), migrate_postgresql(options).error()}) {
            INFO(error.to_string());
            CHECK((error == Errc::unavailable || error == Errc::invalid_argument));
            CHECK(error.to_string().find("canary") == std::string::npos);
        }
    }
}

TEST_CASE("a schema of another version is rejected, with both versions", "[postgresql]") {
    OnPostgresql place;
    const PostgresqlOptions options = place.options({});
    const Error older = make_postgresql_storage(options).error();
    CHECK(older == Errc::conflict);
    CHECK(older.detail() == "PostgreSQL: the database has no tables in the schema '" +
                                place.schema + "'; create them with migrate_postgresql");

    at_once(3, [&](int) { migrate_postgresql(options).value(); });
    CHECK(make_postgresql_storage(options));

    soci::session sql(soci::postgresql, postgresql_cluster().uri());
    const std::string table = place.schema + ".webhooks_schema";
    int latest = 0;
    sql << "SELECT max(version) FROM " + table, soci::into(latest);
    const std::string current = std::to_string(latest);
    const std::string next = std::to_string(latest + 1);
    long long checksum = 0;
    sql << "DELETE FROM " + table + " WHERE version = " + current + " RETURNING checksum",
        soci::into(checksum);
    CHECK(make_postgresql_storage(options).error().detail() ==
          "the schema has version " + std::to_string(latest - 1) + ", this library needs " +
              current + "; update it with migrate_postgresql");
    sql << "INSERT INTO " + table + " VALUES (" + current + ", :checksum, 0)", soci::use(checksum);
    sql << "INSERT INTO " + table + " VALUES (" + next + ", 0, 0)";
    for (const Error& newer :
         {make_postgresql_storage(options).error(), migrate_postgresql(options).error()}) {
        CHECK(newer == Errc::conflict);
        CHECK(newer.detail() == "the schema has version " + next + ", this library knows up to " +
                                    current + "; use the newer library");
    }
}

TEST_CASE("a schema in which another program uses the library's names is rejected, with advice",
          "[postgresql]") {
    const auto [definition, words] = GENERATE(table<const char*, const char*>({
        {"webhooks_schema (a text)", "column \"version\" does not exist"},
        {"webhooks_event (a text)", "relation \"webhooks_event\" already exists"},
    }));
    OnPostgresql place;
    soci::session sql(soci::postgresql, postgresql_cluster().uri());
    sql << "CREATE SCHEMA " + place.schema;
    sql << "CREATE TABLE " + place.schema + "." + definition;
    const Error error = migrate_postgresql(place.options({})).error();
    CHECK(error == Errc::conflict);
    CHECK(error.detail().find(words) != std::string::npos);
    CHECK(error.detail().ends_with("; name another one in PostgresqlOptions::schema"));
    CHECK(error.detail().find("Fatal error") == std::string::npos);
}

TEST_CASE("subscriptions of an older schema on PostgreSQL get the defaults of newer members",
          "[postgresql]") {
    const OnPostgresql place;
    migrate_postgresql(place.options({})).value();
    soci::session sql(soci::postgresql, postgresql_cluster().uri());
    sql << "SET search_path = " + place.schema;
    make_old(sql);
    sql << "DROP FUNCTION webhooks_append";
    migrate_postgresql(place.options({})).value();
    check_defaults(*make_postgresql_storage(place.options({})).value());
}

TEST_CASE_METHOD(PostgresqlFixture, "without a clock, time is the database's", "[postgresql]") {
    const std::shared_ptr<Storage> real = another({});
    soci::session sql;
    open(sql);
    const auto database_time = [&] {
        long long micros = 0;
        sql << "SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint",
            soci::into(micros);
        return Time(std::chrono::microseconds(micros));
    };
    const Time before = database_time();
    const Worker other = real->register_worker(10s).value();
    const Time heartbeat = real->heartbeat(other.id).value().now;
    const Time created = real->insert_subscription(admin, {.user_id = "alice"}).value().created_at;
    CHECK(before <= heartbeat);
    CHECK(heartbeat <= created);
    CHECK(created <= database_time());
}

// ---- Failures.

TEST_CASE("errors in a connection are reported clearly, without the password", "[postgresql]") {
    const auto rejection = [](const std::string& connection) {
        const PostgresqlOptions options{.connection = Secret(connection)};
        const Error error = make_postgresql_storage(options).error();
        for (const std::string& text :
             {error.to_string(), migrate_postgresql(options).error().to_string()}) {
            CHECK_THAT(text, !Catch::Matchers::ContainsSubstring("canary"));
            CHECK_THAT(text, !Catch::Matchers::ContainsSubstring("Cannot establish"));
        }
        return error;
    };
    for (const char* wrong :
         {"postgres:/user:canary@host", "password=canary host", "postgresql://user:can@ary@host/db",
          "postgresql://user:12/canary@host/db", "nonsense=canary"}) {
        CAPTURE(wrong);
        const Error error = rejection(wrong);
        CHECK(error == Errc::invalid_argument);
        REQUIRE(error.fields().size() == 1);
        CHECK(error.fields()[0].field == "connection");
        CHECK_THAT(error.fields()[0].message, Catch::Matchers::ContainsSubstring("%40"));
    }

    PostgresqlCluster cluster;
    std::filesystem::path folder(cluster.socket());
    std::ofstream(folder.parent_path() / "data" / "pg_hba.conf")
        << "local all webhooks trust\nlocal all all scram-sha-256\n";
    cluster.restart();
    const std::string host = "?host=" + folder.parent_path().string();
    const auto expect = [&](const std::string& connection, const std::string& part) {
        const Error error = rejection(connection + host);
        CHECK(error == Errc::unavailable);
        CHECK_THAT(error.detail(),
                   Catch::Matchers::StartsWith("PostgreSQL: cannot connect as "
                                               "PostgresqlOptions::connection says: ") &&
                       Catch::Matchers::ContainsSubstring(part));
    };
    expect("postgresql://webhooks:canary@/absent", "database \"absent\" does not exist");
    expect("postgresql://stranger:canary@/postgres",
           "password authentication failed for user \"stranger\"");
    expect("postgresql://stranger@/postgres", "no password supplied");
    cluster.stop();
    expect("postgresql://webhooks:canary@/postgres", "Is the server running");
}

TEST_CASE_METHOD(PostgresqlFixture,
                 "lost connections are replaced, and nothing that can be retried fails",
                 "[postgresql]") {
    const SubscriptionId id = subscribe().id;
    const EventId event = append_one(id);
    SECTION("the server restarted") {
        postgresql_cluster().restart();
    }
    SECTION("an administrator terminated them") {
        soci::session sql;
        open(sql);
        sql << "SELECT count(pg_terminate_backend(pid, 10000)) FROM pg_stat_activity "
               "WHERE application_name = 'webhooks'";
    }
    CHECK(storage->find_event(alice, id, event));
    CHECK(storage->heartbeat(worker.id));
    CHECK(append_one(id) > event);
}

TEST_CASE_METHOD(PostgresqlFixture,
                 "a connection that is lost in a transaction fails only that call",
                 "[postgresql]") {
    const SubscriptionId id = subscribe().id;
    const Batch batch = batch_of(id);
    soci::session sql;
    open(sql);
    sql << "BEGIN";
    sql << "SELECT 1 FROM webhooks_worker FOR UPDATE";
    auto write = std::async(std::launch::async, [&] { return storage->write(worker.id, batch); });
    wait_until_one_waits(sql);
    sql << "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
           "WHERE wait_event_type = 'Lock'";
    CHECK(write.get().error() == Errc::unavailable);
    sql << "ROLLBACK";
    CHECK(storage->heartbeat(worker.id).value().last_batch == 0);
    CHECK(storage->write(worker.id, batch));
}

TEST_CASE_METHOD(PostgresqlFixture, "what is not possible now is unavailable", "[postgresql]") {
    PostgresqlOptions options = place.options(clock);
    SECTION("a lock that is held by another transaction") {
        soci::session sql;
        open(sql);
        sql << "BEGIN";
        sql << "SELECT 1 FROM webhooks_state FOR UPDATE";
        options.lock_timeout = 100ms;
        const auto impatient = make_postgresql_storage(options).value();
        CHECK(impatient->insert_subscription(admin, {.user_id = "alice"}).error() ==
              Errc::unavailable);
        sql << "ROLLBACK";
        CHECK(impatient->insert_subscription(admin, {.user_id = "alice"}));
    }
    SECTION("a read-only server") {
        options.connection =
            Secret(postgresql_cluster().uri() + "&options=-c%20default_transaction_read_only%3Don");
        const auto reading = make_postgresql_storage(options).value();
        CHECK(reading->configuration(0));
        CHECK(reading->insert_subscription(admin, {.user_id = "alice"}).error() ==
              Errc::unavailable);
        CHECK(reading->write(worker.id, {}).error() == Errc::unavailable);
    }
    SECTION("a free connection") {
        soci::session sql;
        open(sql);
        sql << "BEGIN";
        sql << "SELECT 1 FROM webhooks_state FOR UPDATE";
        options.connections = 1;
        options.statement_timeout = 200ms;
        const auto small = make_postgresql_storage(options).value();
        at_once(3, [&](int) {
            CHECK(small->insert_subscription(admin, {.user_id = "alice"}).error() ==
                  Errc::unavailable);
        });
    }
}

TEST_CASE_METHOD(PostgresqlFixture, "a response that contains U+0000 can be stored",
                 "[postgresql]") {
    const SubscriptionId id = subscribe().id;
    const EventId event = append_one(id);
    record(id, event,
           {.number = 1, .response = std::string("a\0b", 3), .outcome = Outcome::delivered});
    CHECK(this->event(id, event).response ==
          "a\xEF\xBF\xBD"
          "b");
}

}  // namespace webhooks::testing

#endif
