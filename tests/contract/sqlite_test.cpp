#include <soci/soci.h>
#include <soci/sqlite3/soci-sqlite3.h>
#include <sys/stat.h>
#include <contract/storages.hpp>
#include <fstream>

namespace webhooks::testing {

using namespace std::chrono_literals;

TEST_CASE("a SQLite file serves one running service and any number of tools") {
    const TemporaryFolder folder;
    const auto open = [&] { return make_sqlite_storage({.path = folder.file("a.db")}).value(); };
    std::shared_ptr<Storage> first = open();
    const std::shared_ptr<Storage> second = open();
    const Worker worker = first->register_worker(10s).value();
    const Error refusal = second->register_worker(10s).error();
    CHECK(refusal == Errc::locked);
    CHECK(refusal.detail().find("stop it first") != std::string::npos);
    const std::string hash(32, 'k');
    const ApiKeyRecord key = second->insert_api_key({.hash = hash, .user_id = "alice"}).value();
    CHECK(first->find_api_key(hash).value());
    second->delete_api_key(key.id).value();
    CHECK_FALSE(first->find_api_key(hash).value());

    SECTION("a retired worker gives the file free") {
        first->retire_worker(worker.id).value();
    }
    SECTION("so does one that is simply gone") {
        first.reset();
    }
    CHECK(second->register_worker(10s));
}

TEST_CASE("what a killed process held on SQLite is due for the next one") {
    const TemporaryFolder folder;
    const auto clock = std::make_shared<ManualClock>();
    const auto open = [&] {
        return make_sqlite_storage({.path = folder.file("a.db"), .clock = clock}).value();
    };
    std::shared_ptr<Storage> crashed = open();
    const Worker worker = crashed->register_worker(10s).value();
    const SubscriptionId id =
        crashed->insert_subscription({.name = "mine", .user_id = "alice"}).value().id;
    Batch batch{.matched_at = crashed->pulse(worker.id).value().revision};
    batch.appends.push_back(
        {.message = storage_contract::Fixture::message("{}"), .subscriptions = {id}});
    REQUIRE(crashed->write(worker.id, batch));
    crashed.reset();

    const std::shared_ptr<Storage> next = open();
    const Worker heir = next->register_worker(10s).value();
    CHECK(next->take_over(heir.id, 100).value() == 1);
    CHECK(next->claim(heir.id, 10).value().events.size() == 1);
}

TEST_CASE_METHOD(StorageFixture<OnSqlite>, "of events that are too old nothing is left on SQLite") {
    const SubscriptionId id = subscribe().id;
    const SubscriptionId other = subscribe().id;
    const Appended both = append({id, other}).value().appends[0].value();
    const EventId last{both.first_event.value + 1};
    record(id, both.first_event, {.number = 1, .outcome = Outcome::exhausted});
    park(other, last, Park::Place::free, clock->now());
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

TEST_CASE("a SQLite file is readable by its owner alone") {
    const TemporaryFolder folder;
    REQUIRE(make_sqlite_storage({.path = folder.file("a.db")}));
    struct stat status {};
    REQUIRE(::stat(folder.file("a.db").c_str(), &status) == 0);
    CHECK((status.st_mode & 0777U) == 0600U);
}

TEST_CASE("what is no database, or cannot be opened, is refused with a reason") {
    const TemporaryFolder folder;
    std::ofstream(folder.file("text.db")) << "this is not a database, only a text of some length\n";
    CHECK_FALSE(make_sqlite_storage({.path = folder.file("text.db")}));
    CHECK(make_sqlite_storage({.path = folder.file("no/such/folder.db")}).error() ==
          Errc::unavailable);
    CHECK(make_sqlite_storage({.path = ":memory:"}).error() == Errc::invalid_argument);
    CHECK(make_sqlite_storage({.path = ""}).error() == Errc::invalid_argument);
}

}  // namespace webhooks::testing
