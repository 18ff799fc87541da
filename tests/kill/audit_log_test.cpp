/// @file
/// There is an audit record if and only if its change was committed, wherever the process that
/// makes it is killed: the log, replayed, is what the database has.

#include <sys/wait.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <kill/worker_process.hpp>
#include <map>
#include <support/catch.hpp>
#include <support/temporary_folder.hpp>
#include <webhooks/postgresql_storage.hpp>
#include <webhooks/query.hpp>
#include <webhooks/sqlite_storage.hpp>
#ifdef WEBHOOKS_TEST_POSTGRESQL_PROGRAMS
#include <support/postgresql_cluster.hpp>
#endif

namespace webhooks::testing {
namespace {

const Principal reader = Principal::administrator("reader");

/// The objects that there are: their type and id, and their name, if it can change.
using Objects = std::map<std::string, std::string>;

class ChangedDatabase {
public:
    explicit ChangedDatabase(std::string place = "", std::string schema = "webhooks")
        : place_(place.empty() ? folder_.file("test.db") : std::move(place)),
          schema_(std::move(schema)) {}

    /// Runs a host that makes changes until it dies at a point.
    /// @return false if it ended before it passed the point
    bool run_until(const std::string& moment, int passing) {
        WorkerProcess host(
            WEBHOOKS_KILL_CHANGER,
            {place_, schema_, counts_, std::to_string(++runs_), moment, std::to_string(passing)});
        const int status = host.wait();
        if (WIFSIGNALED(status)) {
            REQUIRE(WTERMSIG(status) == SIGKILL);
            return true;
        }
        REQUIRE(WEXITSTATUS(status) == 0);
        return false;
    }

    void check() const {
        const std::shared_ptr<Storage> storage = open();
        std::vector<AuditRecord> records;
        Objects objects;
        // A server may commit what its dead client sent while both are read.
        do {
            records = read_records(*storage);
            objects = objects_in(*storage);
        } while (read_records(*storage).size() != records.size());
        CHECK(replay(records) == objects);
        // What was not acknowledged of a run is at most its last change.
        const std::size_t acknowledged = std::filesystem::file_size(counts_);
        CHECK(records.size() >= acknowledged);
        CHECK(records.size() <= acknowledged + static_cast<std::size_t>(runs_));
    }

private:
    std::shared_ptr<Storage> open() const {
        if (!place_.starts_with("postgresql:"))
            return make_sqlite_storage({.path = place_}).value();
        return make_postgresql_storage({.connection = Secret(place_), .schema = schema_}).value();
    }

    /// The oldest first.
    static std::vector<AuditRecord> read_records(Storage& storage) {
        std::vector<AuditRecord> records =
            storage.list_audit(reader, {.take = max_take}).value().items;
        std::ranges::sort(records, {}, &AuditRecord::id);
        return records;
    }

    static Objects replay(const std::vector<AuditRecord>& records) {
        Objects objects;
        for (const AuditRecord& record : records) {
            std::string& name = objects[record.object_type + " " + record.object_id];
            if (record.action.ends_with(".deleted") || record.action.ends_with(".retired")) {
                objects.erase(record.object_type + " " + record.object_id);
            } else if (record.object_type == "subscription") {
                name = new_name(record.changes);
            }
        }
        return objects;
    }

    /// The second of `"name":["old","new"]`.
    static std::string new_name(const std::string& changes) {
        const std::string member = "\"name\":[";
        const std::size_t begin = changes.find(member);
        REQUIRE(begin != std::string::npos);
        const std::size_t from = changes.find(',', begin) + 2;
        return changes.substr(from, changes.find('"', from) - from);
    }

    static Objects objects_in(Storage& storage) {
        Objects objects;
        const auto subscriptions = storage.list_subscriptions(reader, {.take = max_take}).value();
        for (const Subscription& subscription : subscriptions.items) {
            objects["subscription " + std::to_string(subscription.id.value)] = subscription.name;
        }
        for (const ApiKeyRecord& key : storage.list_api_keys().value()) {
            objects["api_key " + std::to_string(key.id.value)] = "";
        }
        for (const EventType& type : storage.configuration(0).value().event_types) {
            if (!type.retired_at) objects["event_type " + type.name] = "";
        }
        return objects;
    }

    TemporaryFolder folder_;
    const std::string place_;
    const std::string schema_;
    const std::string counts_ = folder_.file("counts");
    int runs_ = 0;
};

}  // namespace

TEST_CASE("the audit log has exactly the changes that a killed process committed") {
    ChangedDatabase database;
    for (const char* moment : {"before", "half written", "written", "synced", "after"}) {
        for (const int passing : {1, 2, 3, 5, 7, 11, 13}) {
            CAPTURE(moment, passing);
            CHECK(database.run_until(moment, passing));
            database.check();
        }
    }
}

#ifdef WEBHOOKS_TEST_POSTGRESQL_PROGRAMS
TEST_CASE("on PostgreSQL the audit log has exactly the changes that a killed process committed",
          "[postgresql]") {
    ChangedDatabase database(postgresql_cluster().uri(), "audited");
    // Each statement of the first changes, among them their COMMITs.
    int passing = 1;
    while (passing <= 60 && database.run_until("sent", passing)) {
        ++passing;
        database.check();
    }
    CHECK(passing > 20);
    CHECK(database.run_until("after", 3));
    database.check();
}
#endif

}  // namespace webhooks::testing
