/// @file
/// Two services on one PostgreSQL database, under load, while the database or the connection to it
/// fails. All guarantees hold: publishers get a correct result within 5 s; nothing that was
/// acknowledged is lost; nothing is sent twice without a reason; and both services resume within 5
/// s once the database is back.

#include <http/client.hpp>
#include <iostream>
#include <webhooks/http/server.hpp>

#include "scene.hpp"

namespace webhooks::testing {
namespace {

void end_backends(const std::string& also = "") {
    administer(
        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
        "WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()" +
        also);
}

/// Ends the scene, in which nothing was sent twice.
void check_unrepeated(FaultScene& scene) {
    const Findings findings = scene.finish();
    std::cout << scene.schema() << ": " << scene.acknowledged() << " acknowledged, "
              << scene.failed() << " failed, the longest took "
              << scene.longest_publication().count() << " ms; " << findings.requests
              << " requests, " << findings.repeated() << " of them repetitions\n";
    CHECK(findings.repeated() == 0);
    CHECK(scene.longest_publication() < 5s);
    CHECK(findings.events > 0);
}

}  // namespace

TEST_CASE("a load without failures is delivered once", "[postgresql]") {
    FaultScene scene;
    scene.load();
    check_unrepeated(scene);
    CHECK(scene.failed() == 0);
}

TEST_CASE(
    "what was acknowledged is delivered once after the database was stopped and started again",
    "[postgresql]") {
    using Shutdown = PostgresqlCluster::Shutdown;
    const Shutdown how = GENERATE(Shutdown::fast, Shutdown::immediate);
    DYNAMIC_SECTION((how == Shutdown::fast ? "fast" : "immediate")) {
        FaultScene scene;
        scene.load();
        scene.watch_calls();
        postgresql_cluster().stop(how);
        scene.await_failures();
        scene.check_calls();
        postgresql_cluster().start();
        scene.check_resumes();
        check_unrepeated(scene);
    }
}

TEST_CASE("nothing is lost or sent twice while all connections are ended again and again",
          "[postgresql]") {
    FaultScene scene;
    scene.load();
    for (int i = 0; i < 20; ++i) {
        const std::vector<int> before = scene.connections();
        end_backends();
        scene.await_connections(before);
    }
    scene.check_resumes();
    check_unrepeated(scene);
}

TEST_CASE("nothing is lost or sent twice when a half-open connection to the database heals",
          "[postgresql]") {
    FaultScene scene;
    scene.load();
    scene.watch_calls();
    for (const auto& network : scene.networks()) {
        network->swallow();
    }
    scene.await_failures();
    scene.check_calls();
    for (const auto& network : scene.networks()) {
        network->heal();
    }
    scene.check_resumes();
    check_unrepeated(scene);
}

/// The protocol message that executes a prepared statement of that name.
const std::string executed_commit("\0commit\0", 8);

TEST_CASE("nothing is lost or sent twice when the connection is lost around a commit",
          "[postgresql]") {
    using Fate = TcpProxy::Fate;
    const auto [name, fate] = GENERATE(table<const char*, Fate>({
        {"the reply is cut", Fate::reply_cut},
        {"the reply is lost", Fate::reply_lost},
        {"the commit is lost", Fate::never_there},
    }));
    DYNAMIC_SECTION(name) {
        FaultScene scene;
        scene.load();
        for (const auto& network : scene.networks()) {
            network->on_text(executed_commit, 10, fate);
        }
        CHECK(eventually([&] { return scene.struck() >= 2; }));
        for (const auto& network : scene.networks()) {
            network->on_text("", 1, fate);
        }
        scene.check_resumes();
        check_unrepeated(scene);
    }
}

TEST_CASE("services pause while the database is read-only, and resume", "[postgresql]") {
    FaultScene scene;
    scene.load();
    administer("ALTER DATABASE postgres SET default_transaction_read_only = on");
    end_backends();
    scene.await_failures();
    scene.watch_calls();
    scene.check_calls();
    administer(
        "BEGIN; SET TRANSACTION READ WRITE; ALTER DATABASE postgres RESET "
        "default_transaction_read_only; COMMIT");
    end_backends();
    scene.check_resumes();
    check_unrepeated(scene);
}

TEST_CASE("services pause while others have all connections of the database, and resume",
          "[postgresql]") {
    using Connection = std::unique_ptr<PGconn, void (*)(PGconn*)>;
    FaultScene scene;
    scene.load();
    std::vector<Connection> hoard;
    const auto fill_up = [&] {
        while (true) {
            Connection one(
                PQconnectdb((postgresql_cluster().uri() + "&application_name=hoard").c_str()),
                PQfinish);
            if (PQstatus(one.get()) != CONNECTION_OK) return;
            hoard.push_back(std::move(one));
        }
    };
    fill_up();
    // The last of these connections terminates the services' connections, and takes their places.
    REQUIRE(hoard.size() > 10);
    for (int i = 0; i < 20; ++i) {
        PQclear(PQexec(hoard.back().get(),
                       "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE "
                       "application_name <> 'hoard' AND backend_type = 'client backend'"));
        fill_up();
    }
    scene.await_failures();
    scene.watch_calls();
    scene.check_calls();
    hoard.clear();
    scene.check_resumes();
    check_unrepeated(scene);
}

TEST_CASE("no publication fails while every n-th insert fails as deadlocks and conflicts do",
          "[postgresql]") {
    const char* state = GENERATE("40001", "40P01");
    DYNAMIC_SECTION(state) {
        FaultScene scene;
        const std::string schema = scene.schema();
        administer("CREATE SEQUENCE " + schema + ".strikes");
        administer("CREATE TABLE " + schema + ".striking ()");
        administer("CREATE FUNCTION " + schema +
                   ".strike() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
                   "IF EXISTS (SELECT 1 FROM " +
                   schema + ".striking) AND nextval('" + schema +
                   ".strikes') % 50 = 0 THEN "
                   "RAISE EXCEPTION 'struck' USING ERRCODE = '" +
                   state +
                   "'; END IF; "
                   "RETURN NEW; END $$");
        for (const char* table : {"webhooks_event", "webhooks_attempt"}) {
            administer("CREATE TRIGGER strike BEFORE INSERT ON " + schema + "." + table +
                       " FOR EACH ROW EXECUTE FUNCTION " + schema + ".strike()");
        }
        scene.load();
        administer("INSERT INTO " + schema + ".striking DEFAULT VALUES");
        scene.check_resumes();
        CHECK(eventually([&] {
            return std::stoi(administer("SELECT last_value FROM " + schema + ".strikes")) >= 200;
        }));
        administer("DELETE FROM " + schema + ".striking");
        scene.check_resumes();
        check_unrepeated(scene);
        CHECK(scene.failed() == 0);
    }
}

TEST_CASE(
    "nothing is lost or sent twice in a deadlock with another client, whichever is its victim",
    "[postgresql]") {
    const char* deadlock_timeout = GENERATE("10ms", "10s");
    DYNAMIC_SECTION("the rival looks for deadlocks after " << deadlock_timeout) {
        FaultScene scene;
        scene.load();
        const auto deadlocks = [] {
            return std::stoi(
                administer("SELECT deadlocks FROM pg_stat_database "
                           "WHERE datname = current_database()"));
        };
        const int before = deadlocks();
        std::atomic<bool> is_over{false};
        std::thread rival([&] {
            const std::unique_ptr<PGconn, void (*)(PGconn*)> connection(
                PQconnectdb(postgresql_cluster().uri().c_str()), PQfinish);
            const auto execute = [&](const std::string& statement) {
                const std::unique_ptr<PGresult, void (*)(PGresult*)> result(
                    PQexec(connection.get(), statement.c_str()), PQclear);
                return std::string(PQntuples(result.get()) > 0 ? PQgetvalue(result.get(), 0, 0)
                                                               : "");
            };
            const auto await = [&](const std::string& condition) {
                eventually([&] { return is_over || execute("SELECT " + condition) == "t"; });
            };
            execute("SET search_path = " + scene.schema());
            execute("SET deadlock_timeout = '" + std::string(deadlock_timeout) + "'");
            while (!is_over) {
                const std::string latest =
                    execute("SELECT coalesce(max(event_id), 0) FROM webhooks_attempt");
                execute("BEGIN");
                execute("LOCK TABLE webhooks_attempt IN SHARE MODE");
                // A service has locked its row of webhooks_worker, and waits to insert.
                await(
                    "EXISTS (SELECT FROM pg_locks WHERE NOT granted AND relation IN "
                    "(SELECT relid FROM pg_partition_tree('webhooks_attempt')))");
                execute("SELECT 1 FROM webhooks_worker ORDER BY id DESC FOR UPDATE");
                execute("COMMIT");
                await("max(event_id) > " + latest + " FROM webhooks_attempt");
            }
        });
        CHECK(eventually([&] { return deadlocks() >= before + 3; }, 10s));
        is_over = true;
        rival.join();
        scene.check_resumes();
        check_unrepeated(scene);
    }
}

TEST_CASE("a service that is cut off is taken over, and resumes under a new identity",
          "[postgresql]") {
    const bool is_namespace = GENERATE(false, true);
    DYNAMIC_SECTION((is_namespace ? "a link is down" : "its connections are half-open")) {
        if (is_namespace && !NetworkNamespace::is_permitted()) {
            std::cout << "SKIPPED: this process may make no network namespaces (root and "
                         "CAP_NET_ADMIN, iproute2); half-open connections replace it\n";
            return;
        }
        std::optional<NetworkNamespace> elsewhere;
        if (is_namespace) elsewhere.emplace();
        FaultScene scene({.lease = 1s, .elsewhere = elsewhere ? &*elsewhere : nullptr});
        scene.load();
        is_namespace ? elsewhere->cut_first_link() : scene.networks()[1]->swallow();
        scene.await_failures(1);
        const std::string workers = "SELECT count(*) FROM " + scene.schema() + ".webhooks_worker";
        CHECK(eventually([&] { return administer(workers) == "1"; }, 10s));
        is_namespace ? elsewhere->join_first_link() : scene.networks()[1]->heal();
        scene.check_resumes();

        const Findings findings = scene.finish();
        std::cout << scene.schema() << ": " << scene.acknowledged() << " acknowledged, "
                  << scene.failed() << " failed; " << findings.repeated() << " repetitions, "
                  << scene.member(1).observer().fenced << " late results fenced\n";
        CHECK(scene.member(0).observer().lives == 0);
        CHECK(findings.max_unrecorded <= 1);
        for (const auto& [run, count] : findings.unrecorded) {
            CHECK(run == 1);
        }
        CHECK(scene.longest_publication() < 5s);
    }
}

namespace {

/// A machine whose clock is wrong by this much.
class WrongClock final : public Clock {
public:
    explicit WrongClock(std::chrono::minutes by) : by_(by) {}
    Time now() const noexcept override { return system_clock()->now() + by_; }
    SteadyTime steady_now() const noexcept override { return system_clock()->steady_now() + by_; }

private:
    const std::chrono::minutes by_;
};

}  // namespace

TEST_CASE("services whose clocks differ by 10 minutes take over nothing from each other",
          "[postgresql]") {
    FaultScene scene(
        {.lease = 1s,
         .clocks = {std::make_shared<WrongClock>(-5min), std::make_shared<WrongClock>(5min)}});
    scene.load();
    const std::string ids =
        "SELECT string_agg(id::text, ' ' ORDER BY id) FROM " + scene.schema() + ".webhooks_worker";
    const std::string before = administer(ids);
    scene.await_heartbeats(15);  // Five in each lease.
    CHECK(administer(ids) == before);
    check_unrepeated(scene);
    CHECK(scene.failed() == 0);
    for (const std::size_t member : {0, 1}) {
        CHECK(scene.member(member).observer().lives == 0);
    }
}

TEST_CASE("over REST a publication is answered 503 while the database is down", "[postgresql]") {
    using http::testing::Answer;
    const bool is_silent = GENERATE(false, true);
    DYNAMIC_SECTION((is_silent ? "half-open" : "stopped")) {
        FaultScene scene;
        const std::shared_ptr<Storage> direct = make_postgresql_storage(scene.direct()).value();
        const std::string key(ApiKeys(direct).create(host).value().reveal());
        const ApiKeys keys(make_postgresql_storage(scene.through(0)).value());
        http::Server server = http::Server::open(scene.member(0).service(),
                                                 http::authenticate_by_api_key(keys), {.port = 0})
                                  .value();
        server.start().value();
        const std::string body = R"({"eventType":"order.created","payload":{"a":1}})";
        const auto publish = [&](const std::string& with) {
            http::testing::Client client(server.port());
            return client.exchange("POST /v1/webhooks/events HTTP/1.1\r\nHost: a\r\nX-Api-Key: " +
                                   key + "\r\nContent-Type: application/json\r\nContent-Length: " +
                                   std::to_string(with.size()) + "\r\n\r\n" + with);
        };
        REQUIRE(publish(body).status() == 202);
        is_silent ? scene.networks()[0]->swallow() : postgresql_cluster().stop();
        const auto began = std::chrono::steady_clock::now();
        const Answer answer = publish(body);
        CHECK(answer.status() == 503);
        CHECK(answer.field("retry-after") != "");
        CHECK(std::chrono::steady_clock::now() - began < 5s);
        is_silent ? scene.networks()[0]->heal() : postgresql_cluster().start();
        CHECK(eventually([&] { return publish(body).status() == 202; }, 5s));
    }
}

}  // namespace webhooks::testing
