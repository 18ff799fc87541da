#include <soci/soci.h>
#include <soci/sqlite3/soci-sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>
#include <contract/audit_failure.hpp>
#include <contract/heavy_query.hpp>
#include <contract/old_subscription.hpp>
#include <filesystem>
#include <fstream>
#include <future>
#include <stdexcept>
#include <support/child_process.hpp>

namespace webhooks::testing {

using namespace std::chrono_literals;

TEST_CASE("a SQLite file serves one running service and any number of tools") {
    const TemporaryFolder folder;
    const auto open = [&] { return make_sqlite_storage({.path = folder.file("a.db")}).value(); };
    std::shared_ptr<Storage> first = open();
    const std::shared_ptr<Storage> second = open();
    const Worker worker = first->register_worker(10s).value();
    const Error rejection = second->register_worker(10s).error();
    CHECK(rejection == Errc::locked);
    CHECK(rejection.detail().find("stop it first") != std::string::npos);
    const std::string hash(32, 'k');
    const ApiKeyRecord key =
        second->insert_api_key(Principal::administrator("root"), {.hash = hash, .user_id = "alice"})
            .value();
    CHECK(first->find_api_key(hash).value());
    second->delete_api_key(Principal::administrator("root"), key.id).value();
    CHECK_FALSE(first->find_api_key(hash).value());

    SECTION("a retired worker gives the file free") {
        first->retire_worker(worker.id).value();
    }
    SECTION("so does one that was destroyed") {
        first.reset();
    }
    CHECK(second->register_worker(10s));
}

TEST_CASE("an API key that another process deletes from a SQLite file is not found again") {
    const TemporaryFolder folder;
    int ready[2];
    int go[2];
    REQUIRE((::pipe(ready) == 0 && ::pipe(go) == 0));
    char byte = 0;
    // Started first: SQLite, once used, does not survive a fork.
    auto other = std::async(std::launch::async, [&] {
        const auto change = [&] {
            if (::write(ready[1], "r", 1) != 1 || ::read(go[0], &byte, 1) != 1) return "no pipe";
            soci::session sql(soci::sqlite3, "dbname=" + folder.file("a.db"));
            sql << "DELETE FROM webhooks_api_key WHERE user_id = 'alice'";
            sql << "UPDATE webhooks_api_key SET user_id = 'carol' WHERE user_id = 'bob'";
            return "changed";
        };
        return run_in_child(change, 30s);
    });
    REQUIRE(::read(ready[0], &byte, 1) == 1);

    const auto storage = make_sqlite_storage({.path = folder.file("a.db")}).value();
    const Principal root = Principal::administrator("root");
    const std::string deleted(32, 'd');
    const std::string changed(32, 'c');
    storage->insert_api_key(root, {.hash = deleted, .user_id = "alice"}).value();
    storage->insert_api_key(root, {.hash = changed, .user_id = "bob"}).value();
    for (int i = 0; i < 3; ++i) {
        CHECK(storage->find_api_key(deleted).value()->user_id == "alice");
        CHECK(storage->find_api_key(changed).value()->user_id == "bob");
        CHECK_FALSE(storage->find_api_key(std::string(32, 'x')).value());
    }
    REQUIRE(::write(go[1], "g", 1) == 1);
    REQUIRE(other.get().output == "changed");
    CHECK_FALSE(storage->find_api_key(deleted).value());
    CHECK(storage->find_api_key(changed).value()->user_id == "carol");
    for (const int end : {ready[0], ready[1], go[0], go[1]})
        ::close(end);
}

TEST_CASE("a service that lost the answer to its registration registers again after its lease") {
    const TemporaryFolder folder;
    const auto clock = std::make_shared<ManualClock>();
    const auto storage = make_sqlite_storage({.path = folder.file("a.db"), .clock = clock}).value();
    const Worker lost = storage->register_worker(10s).value();
    CHECK(storage->register_worker(10s).error() == Errc::locked);
    clock->advance(9s);
    REQUIRE(storage->heartbeat(lost.id));
    clock->advance(9s);
    CHECK(storage->register_worker(10s).error() == Errc::locked);
    clock->advance(1s);
    const Worker again = storage->register_worker(10s).value();
    CHECK(again.id != lost.id);
    CHECK(storage->heartbeat(lost.id).error() == Errc::fenced);
    CHECK(storage->heartbeat(again.id));
}

TEST_CASE("a SQLite file serves one running service, whichever symbolic link leads to it") {
    const TemporaryFolder folder;
    const auto file = make_sqlite_storage({.path = folder.file("real.db")}).value();
    std::filesystem::create_symlink("real.db", folder.file("link.db"));
    std::filesystem::create_directory_symlink(folder.path(), folder.file("here"));
    REQUIRE(file->register_worker(10s));
    for (const char* name : {"link.db", "here/real.db", "here/link.db"}) {
        const auto link = make_sqlite_storage({.path = folder.file(name)}).value();
        CHECK(link->register_worker(10s).error() == Errc::locked);
    }
}

TEST_CASE("a path that cannot name a SQLite file is rejected with what it is") {
    const TemporaryFolder folder;
    std::filesystem::create_directory(folder.file("folder"));
    std::filesystem::create_symlink("nothing", folder.file("dangling"));
    std::filesystem::create_symlink("circle", folder.file("circle"));
    REQUIRE(::mkfifo(folder.file("fifo").c_str(), 0600) == 0);
    const auto [name, words] = GENERATE(table<std::string, std::string>(
        {{"folder", "Is a directory; SqliteOptions::path must name a file in it"},
         {"folder/", "Is a directory; SqliteOptions::path must name a file in it"},
         {"dangling", "a symbolic link to a file that does not exist"},
         {"circle", "Too many levels of symbolic links"},
         {"fifo", "not a regular file"},
         {"missing/a.db", "create its folder first"}}));
    const Error rejection = make_sqlite_storage({.path = folder.file(name)}).error();
    CHECK(rejection == Errc::unavailable);
    INFO(rejection.to_string());
    CHECK(rejection.detail().find(words) != std::string::npos);
}

TEST_CASE("a change on SQLite whose audit record cannot be written does not happen") {
    const TemporaryFolder folder;
    const std::string path = folder.file("a.db");
    check_nothing_without_audit(*make_sqlite_storage({.path = path}).value(), [&] {
        soci::session sql(soci::sqlite3, path);
        sql << "CREATE TRIGGER no_audit BEFORE INSERT ON webhooks_audit "
               "BEGIN SELECT RAISE(ABORT, 'no audit'); END";
    });
}

TEST_CASE(
    "a request does not wait for a writer of the SQLite file to record that its key is used") {
    const TemporaryFolder folder;
    const std::string path = folder.file("a.db");
    const auto storage = make_sqlite_storage({.path = path, .busy_timeout = 60s}).value();
    ApiKeys keys(storage);
    const Secret key = keys.create(alice).value();
    soci::session writer(soci::sqlite3, path);
    writer << "BEGIN IMMEDIATE";
    CHECK(keys.authenticate(key.reveal()).value() == alice);
    CHECK_FALSE(keys.list().value().at(0).last_used_at);
    writer << "ROLLBACK";
    CHECK(keys.authenticate(key.reveal()).value() == alice);
    CHECK(keys.list().value().at(0).last_used_at);
}

TEST_CASE_METHOD(StorageFixture<OnSqlite>, "a query that times out on SQLite says so") {
    const HeavyQuery heavy(*this);
    const std::string path = place.folder.file("test.db");
    const auto limited = make_sqlite_storage({.path = path, .query_timeout = 1ms}).value();
    heavy.check_that_it_ends(*limited);
    heavy.check_that_it_stops(*storage);
    CHECK(storage->list_events(alice, heavy.id, HeavyQuery::query()).value().total == 0);
    CHECK(make_sqlite_storage({.path = path, .query_timeout = 0ms}).error() ==
          Errc::invalid_argument);
}

TEST_CASE("subscriptions of an older schema on SQLite get the defaults of newer members") {
    const TemporaryFolder folder;
    const std::string path = folder.file("old.db");
    make_sqlite_storage({.path = path}).value();
    {
        soci::session sql(soci::sqlite3, path);
        make_old(sql);
    }
    check_defaults(*make_sqlite_storage({.path = path}).value());
}

TEST_CASE("operators hear of a killed process on SQLite once its events are taken over") {
    const TemporaryFolder folder;
    const auto clock = std::make_shared<ManualClock>();
    const auto open = [&] {
        return make_sqlite_storage({.path = folder.file("a.db"), .clock = clock}).value();
    };
    const auto lost = [&](Storage& storage) {
        const Worker worker = storage.register_worker(10s).value();
        std::vector<OperationalEvent> heard;
        storage.set_operational_listener(
            [&](const OperationalEvent& event) { heard.push_back(event); });
        while (storage.take_over(worker.id, 1).value() > 0) {
        }
        storage.set_operational_listener({});
        return heard;
    };
    std::shared_ptr<Storage> crashed = open();
    const Worker worker = crashed->register_worker(10s).value();
    const SubscriptionId id = crashed
                                  ->insert_subscription(admin, {.name = "operator",
                                                                .event_type = "webhook.worker.*",
                                                                .operator_scope = true,
                                                                .user_id = "admin"})
                                  .value()
                                  .id;
    Batch batch{.revision = crashed->heartbeat(worker.id).value().revision};
    for (int i = 0; i < 2; ++i) {
        batch.appends.push_back(
            {.message = storage_contract::Fixture::message("{}"), .subscriptions = {id}});
    }
    REQUIRE(crashed->write(worker.id, batch));
    crashed.reset();
    const std::shared_ptr<Storage> next = open();
    const std::vector<OperationalEvent> heard = lost(*next);
    REQUIRE(heard.size() == 1);
    CHECK(heard[0].type == "webhook.worker.lost");
    CHECK(heard[0].body.find(R"("host":null,"takenOver":2})") != std::string::npos);
    const Page<Event> told =
        next->list_events(
                admin, id,
                ListQuery::parse({.filter = "eventType eq 'webhook.worker.lost'"}, ListKind::events)
                    .value())
            .value();
    REQUIRE(told.items.size() == 1);
    CHECK(told.items[0].payload == heard[0].body);
}

TEST_CASE("the events of a killed process on SQLite are due for the next one") {
    const TemporaryFolder folder;
    const auto clock = std::make_shared<ManualClock>();
    const auto open = [&] {
        return make_sqlite_storage({.path = folder.file("a.db"), .clock = clock}).value();
    };
    std::shared_ptr<Storage> crashed = open();
    const Worker worker = crashed->register_worker(10s).value();
    const SubscriptionId id =
        crashed->insert_subscription(admin, {.name = "mine", .user_id = "alice"}).value().id;
    Batch batch{.revision = crashed->heartbeat(worker.id).value().revision};
    batch.appends.push_back(
        {.message = storage_contract::Fixture::message("{}"), .subscriptions = {id}});
    REQUIRE(crashed->write(worker.id, batch));
    crashed.reset();

    const std::shared_ptr<Storage> next = open();
    const Worker heir = next->register_worker(10s).value();
    CHECK(next->take_over(heir.id, 100).value() == 1);
    CHECK(next->claim(heir.id, 10).value().events.size() == 1);
}

TEST_CASE_METHOD(StorageFixture<OnSqlite>, "nothing is left of events that are too old on SQLite") {
    const SubscriptionId id = subscribe().id;
    const SubscriptionId other = subscribe().id;
    const Appended both = append({id, other}).value().appends[0].value();
    const EventId last{both.first_event.value + 1};
    record(id, both.first_event, {.number = 1, .outcome = Outcome::exhausted});
    set_custody(other, last, Custody::unclaimed, clock->now());
    write({.low_water = last});
    soci::session sql(soci::sqlite3, place.folder.file("test.db"));
    const auto rows = [&] {
        std::string text;
        for (const char* table : {"message", "event", "attempt", "undelivered"}) {
            int count = -1;
            sql << std::string("SELECT count(*) FROM webhooks_") + table, soci::into(count);
            text += std::to_string(count) + " ";
        }
        return text;
    };
    clock->advance(2h);
    CHECK_FALSE(storage->maintain({.limit = 10, .keep_events_for = 1h}).value());
    CHECK(rows() == "1 1 0 1 ");
    REQUIRE(claim() == std::vector{last});
    record(other, last, {.number = 1, .outcome = Outcome::delivered}, {}, true);
    clock->advance(2h);
    CHECK_FALSE(storage->maintain({.limit = 10, .keep_events_for = 1h}).value());
    CHECK(rows() == "0 0 0 0 ");
}

TEST_CASE("a SQLite file is readable only by its owner") {
    const TemporaryFolder folder;
    REQUIRE(make_sqlite_storage({.path = folder.file("a.db")}));
    struct stat status {};
    REQUIRE(::stat(folder.file("a.db").c_str(), &status) == 0);
    CHECK((status.st_mode & 0777U) == 0600U);
}

namespace {

/// The error of opening a file.
std::string rejection(const std::string& path) {
    const Error error =
        make_sqlite_storage({.path = path, .busy_timeout = std::chrono::milliseconds(10)}).error();
    const std::string text = error.to_string();
    for (const char* internal : {"soci", "sqlite3_", "statement_backend", "Cannot establish"}) {
        CHECK_THAT(text, !Catch::Matchers::ContainsSubstring(internal));
    }
    return text;
}

/// As `rejection`, in a process with only the rights of any user.
std::string rejection_without_rights(const std::string& path) {
    const Ended ended = run_in_child(
        [&] {
            if (::getuid() == 0 && ::setuid(65534) != 0) throw std::runtime_error("setuid");
            return make_sqlite_storage({.path = path}).error().to_string();
        },
        20s);
    CHECK(ended.status == 0);
    return ended.output;
}

}  // namespace

TEST_CASE("a file that cannot be opened is named, with advice") {
    const TemporaryFolder folder;
    const std::string text = folder.file("text.db");
    std::ofstream(text) << "this is not a database, only a text of some length\n";
    CHECK(rejection(text) ==
          "unavailable: '" + text + "' is not a SQLite database; name another file");
    const std::string missing = folder.file("no/such/folder.db");
    CHECK(rejection(missing) ==
          "unavailable: cannot open '" + missing +
              "' for writing: No such file or directory; create its folder first");
    CHECK(rejection(folder.file("")) ==
          "unavailable: cannot open '" + folder.file("") +
              "' for writing: Is a directory; SqliteOptions::path must name a file in it");
}

TEST_CASE("a file in which another program uses the library's names is rejected, with advice") {
    const TemporaryFolder folder;
    const auto [definition, words] = GENERATE(table<const char*, const char*>({
        {"webhooks_schema (a TEXT)", "no such column: version"},
        {"webhooks_event (a TEXT)", "table webhooks_event already exists"},
    }));
    const std::string path = folder.file("foreign.db");
    {
        soci::session sql(soci::sqlite3, path);
        sql << std::string("CREATE TABLE ") + definition;
    }
    CHECK(rejection(path) == "conflict: '" + path +
                                 "' has a table with a name of this library's that another program "
                                 "made or changed (" +
                                 words + "); name another file");
}

TEST_CASE("a path that does not name a file is rejected, with advice") {
    for (const char* path : {":memory:", "", "a\"b", "file:a.db", "file:a.db?mode=ro"}) {
        const Error error = make_sqlite_storage({.path = path}).error();
        CHECK(error == Errc::invalid_argument);
        REQUIRE(error.fields().size() == 1);
        CHECK(error.fields()[0].field == "path");
    }
    CHECK_THAT(make_sqlite_storage({.path = ":memory:"}).error().to_string(),
               Catch::Matchers::ContainsSubstring("make_memory_storage"));
}

TEST_CASE("a file that is locked by a writer is named when it is opened") {
    const TemporaryFolder folder;
    const std::string path = folder.file("a.db");
    REQUIRE(make_sqlite_storage({.path = path}));
    soci::session sql(soci::sqlite3, path);
    sql << "BEGIN IMMEDIATE";
    CHECK(rejection(path) == "unavailable: '" + path +
                                 "' is locked: another connection holds a write transaction; end "
                                 "that, or raise SqliteOptions::busy_timeout");
    sql << "COMMIT";
    sql << "PRAGMA locking_mode = EXCLUSIVE";
    sql << "BEGIN EXCLUSIVE";
    CHECK_THAT(rejection(path), Catch::Matchers::ContainsSubstring("'" + path + "' is locked"));
}

TEST_CASE("a file that is not writable is named, with what must be writable") {
    const TemporaryFolder folder;
    const std::string path = folder.file("a.db");
    REQUIRE(make_sqlite_storage({.path = path}));
    std::filesystem::permissions(folder.file(""), std::filesystem::perms(0755));
    std::filesystem::permissions(path, std::filesystem::perms(0444));
    CHECK(rejection_without_rights(path) ==
          "unavailable: cannot open '" + path +
              "' for writing: Permission denied; this process must be able to write the file and "
              "its folder");
    // Another user: the file is writable, its folder is not. (The test may run as root.)
    std::filesystem::permissions(path, std::filesystem::perms(0666));
    std::filesystem::permissions(folder.file(""), std::filesystem::perms(0555));
    CHECK_THAT(rejection_without_rights(path),
               Catch::Matchers::ContainsSubstring("'" + path + "'") &&
                   Catch::Matchers::ContainsSubstring("folder"));
    std::filesystem::permissions(folder.file(""), std::filesystem::perms(0755));
}

}  // namespace webhooks::testing
