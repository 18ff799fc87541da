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
    CHECK(second->insert_api_key({.hash = std::string(32, 'k'), .user_id = "alice"}));
    CHECK(first->find_api_key(std::string(32, 'k')).value());

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
        {.message = StorageFixture<InMemory>::message("{}"), .subscriptions = {id}});
    REQUIRE(crashed->write(worker.id, batch));
    crashed.reset();

    const std::shared_ptr<Storage> next = open();
    const Worker heir = next->register_worker(10s).value();
    CHECK(next->take_over(heir.id, 100).value() == 1);
    CHECK(next->claim(heir.id, 10).value().events.size() == 1);
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
