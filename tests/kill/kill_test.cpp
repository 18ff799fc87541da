/// @file
/// All guarantees hold although the process is killed at any point. A worker program dies by
/// SIGKILL at a named point; others follow it on the same database, until one ends by itself; then
/// the logs of publisher, receiver and storage are compared.

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <future>
#include <iostream>
#include <kill/invariants.hpp>
#include <kill/scene.hpp>
#include <kill/settings.hpp>
#include <kill/worker_process.hpp>
#include <optional>
#include <random>
#include <sstream>
#include <support/catch.hpp>
#include <webhooks/clock.hpp>
#include <webhooks/postgresql_storage.hpp>
#include <webhooks/sqlite_storage.hpp>

#ifdef WEBHOOKS_TEST_POSTGRESQL_PROGRAMS
#include <libpq-fe.h>

#include <memory>
#include <support/postgresql_cluster.hpp>
#endif

namespace webhooks::testing {
namespace {

using namespace std::chrono_literals;

struct KillPoint {
    const char* operation;
    const char* moment;
    int passing;
};

/// A moment when responses arrive, results wait to be written, and claimed events wait.
constexpr KillPoint amid_everything{"answer", "before", 20};

/// A database, a receiver, and runs of workers.
class Scene {
public:
    /// @param storage as for the worker program.
    explicit Scene(std::string storage = "sqlite") : storage_(std::move(storage)) {
        std::string pattern = std::filesystem::temp_directory_path() / "webhooks-kill-XXXXXX";
        folder_ = ::mkdtemp(pattern.data());
    }
    Scene(const Scene&) = delete;
    Scene& operator=(const Scene&) = delete;
    ~Scene() { std::filesystem::remove_all(folder_); }

    /// Runs a worker that dies at the point.
    void run_until(const KillPoint& point) {
        REQUIRE(run(words(point), [](WorkerProcess&) {}) == SIGKILL);
    }

    /// Runs a worker that dies while its n-th request waits for its response.
    void run_until_request(int request) {
        std::promise<pid_t> victim;
        requests_.cut_off(request,
                          [id = victim.get_future().share()] { ::kill(id.get(), SIGKILL); });
        const auto name_victim = [&victim](const WorkerProcess& worker) {
            victim.set_value(worker.id());
        };
        REQUIRE(run({}, name_victim) == SIGKILL);
    }

    /// Runs a worker that dies at the point, if it is given and reached, otherwise after this time,
    /// unless it ends before.
    void run_for(std::chrono::milliseconds life, const std::optional<KillPoint>& point) {
        const int signal = run(point ? words(*point) : std::vector<std::string>(),
                               [life](const WorkerProcess& worker) { worker.kill_after(life); });
        REQUIRE((signal == SIGKILL || signal == 0));
    }

    /// Runs a worker that does everything left to do.
    void run_to_the_end() {
        // If it was not done in time, the logs show what was lost.
        CHECK(run({}, [](WorkerProcess&) {}) == 0);
    }

    void publish_more(int publications) { publications_ += publications; }

    /// @return as check_invariants
    int check() {
        return check_invariants({.publications = publications_,
                                 .acknowledged = acknowledged(),
                                 .requests = requests_.requests(),
                                 .storage = open_storage(),
                                 .runs = runs_});
    }

    std::size_t requests() const { return requests_.requests().size(); }
    std::size_t runs() const { return runs_.size(); }
    auto kills() const { return std::ranges::count(runs_, true, &Run::was_killed); }

private:
    static Time now() { return system_clock()->now(); }

    static std::vector<std::string> words(const KillPoint& point) {
        return {point.operation, point.moment, std::to_string(point.passing)};
    }

    /// @param meanwhile Called with the running worker.
    /// @return the signal that ended it; 0 if it ended by itself, its work done
    template <class Meanwhile>
    int run(const std::vector<std::string>& kill_point, Meanwhile meanwhile) {
        std::vector<std::string> arguments{folder_.string(), storage_, requests_.url(),
                                           std::to_string(runs_.size()),
                                           std::to_string(publications_)};
        arguments.insert(arguments.end(), kill_point.begin(), kill_point.end());
        const Time began = now();
        WorkerProcess worker(WEBHOOKS_KILL_WORKER, std::move(arguments));
        meanwhile(worker);
        const int status = worker.wait();
        runs_.push_back({.began = began, .ended = now(), .was_killed = WIFSIGNALED(status)});
        if (WIFSIGNALED(status)) return WTERMSIG(status);
        REQUIRE(WEXITSTATUS(status) == 0);
        return 0;
    }

    std::shared_ptr<Storage> open_storage() const {
#ifdef WEBHOOKS_TEST_POSTGRESQL_PROGRAMS
        if (storage_ != "sqlite") {
            return make_postgresql_storage({.connection = Secret(storage_)}).value();
        }
#endif
        return make_sqlite_storage({.path = folder_ / database}).value();
    }

    std::map<int, std::vector<EventId>> acknowledged() const {
        std::map<int, std::vector<EventId>> all;
        std::ifstream lines(folder_ / publisher_log);
        for (std::string line; std::getline(lines, line);) {
            std::istringstream words(line);
            int number = 0;
            words >> number;
            CHECK_FALSE(all.contains(number));
            for (EventId id; words >> id.value;) {
                all[number].push_back(id);
            }
        }
        return all;
    }

    const std::string storage_;
    std::filesystem::path folder_;
    RequestLog requests_;
    int publications_ = 24;
    std::vector<Run> runs_;
};

void survive(std::initializer_list<KillPoint> points) {
    Scene scene;
    for (const KillPoint& point : points) {
        scene.run_until(point);
    }
    scene.run_to_the_end();
    scene.check();
}

TEST_CASE("a worker that is not killed sends nothing twice") {
    Scene scene;
    scene.run_to_the_end();
    CHECK(scene.check() == 0);
}

TEST_CASE("events survive a kill while they are published") {
    const auto [moment, passing] = GENERATE(table<const char*, int>({
        {"before", 2},
        {"half written", 60},
        {"written", 2},
        {"synced", 2},
        {"after", 2},
    }));
    DYNAMIC_SECTION("append, " << moment) {
        survive({{"append", moment, passing}});
    }
}

TEST_CASE("events survive a kill while they are claimed") {
    const auto [operation, moment, passing] = GENERATE(table<const char*, const char*, int>({
        {"claim", "before", 2},
        {"claim", "half written", 7},
        {"claim", "written", 2},
        {"claim", "synced", 2},
        {"claim", "after", 2},
        {"claim reserved", "before", 2},
        {"claim reserved", "half written", 7},
        {"claim reserved", "after", 2},
    }));
    DYNAMIC_SECTION(operation << ", " << moment) {
        survive({{operation, moment, passing}});
    }
}

TEST_CASE("events survive a kill while they are sent") {
    const auto [operation, moment] = GENERATE(table<const char*, const char*>({
        {"send", "before"},
        {"send", "after"},
        {"answer", "before"},
        {"answer", "after"},
    }));
    DYNAMIC_SECTION(operation << ", " << moment) {
        survive({{operation, moment, 20}});
    }
}

TEST_CASE("events survive a kill while a request waits for its answer") {
    Scene scene;
    scene.run_until_request(20);
    scene.run_to_the_end();
    CHECK(scene.check() > 0);
}

TEST_CASE("events survive a kill while results are recorded") {
    const auto [moment, passing] = GENERATE(table<const char*, int>({
        {"before", 2},
        {"half written", 30},
        {"written", 2},
        {"synced", 2},
        {"after", 2},
    }));
    DYNAMIC_SECTION("record, " << moment) {
        survive({{"record", moment, passing}});
    }
}

TEST_CASE("events survive a kill while a database is created") {
    const auto [moment, passing] = GENERATE(table<const char*, int>({
        {"before", 1},
        {"half written", 1},
        {"half written", 20},
        {"synced", 2},
    }));
    DYNAMIC_SECTION("open, " << moment << ' ' << passing) {
        survive({{"open", moment, passing}});
    }
}

TEST_CASE("events survive a kill while a worker takes over from one that was killed") {
    const auto [operation, moment] = GENERATE(table<const char*, const char*>({
        {"register", "before"},
        {"register", "half written"},
        {"register", "after"},
        {"take over", "before"},
        {"take over", "half written"},
        {"take over", "written"},
        {"take over", "synced"},
        {"take over", "after"},
    }));
    DYNAMIC_SECTION(operation << ", " << moment) {
        survive({amid_everything, {operation, moment, 1}});
    }
}

TEST_CASE("events survive a kill while a worker stops") {
    const char* moment = GENERATE("before", "half written", "synced", "after");
    DYNAMIC_SECTION("retire, " << moment) {
        survive({{"retire", moment, 1}});
    }
}

#ifdef WEBHOOKS_TEST_POSTGRESQL_PROGRAMS

/// @return the URI of a new database
std::string new_database() {
    static int count = 0;
    const std::string name = "kill_" + std::to_string(++count);
    const std::string uri = postgresql_cluster().uri();
    const std::unique_ptr<PGconn, void (*)(PGconn*)> connection(PQconnectdb(uri.c_str()), PQfinish);
    PGresult* result = PQexec(connection.get(), ("CREATE DATABASE " + name).c_str());
    const bool is_made = PQresultStatus(result) == PGRES_COMMAND_OK;
    PQclear(result);
    REQUIRE(is_made);
    const std::string first = "/postgres?";
    return std::string(uri).replace(uri.find(first), first.size(), "/" + name + "?");
}

TEST_CASE("events on PostgreSQL survive a kill around each statement", "[postgresql]") {
    const auto [operation, moment, passing] = GENERATE(table<const char*, const char*, int>({
        {"append", "sent", 11},  // The last statement.
        {"append", "sent", 12},  // COMMIT.
        {"append", "after", 2},
        {"record", "sent", 4},
        {"record", "sent", 5},
        {"claim", "sent", 4},
        {"claim reserved", "after", 2},
        {"answer", "before", 20},
    }));
    DYNAMIC_SECTION(operation << ", " << moment << ' ' << passing) {
        Scene scene(new_database());
        scene.run_until({operation, moment, passing});
        scene.run_to_the_end();
        scene.check();
    }
}

TEST_CASE("events on PostgreSQL survive a kill while a worker takes over", "[postgresql]") {
    const auto [operation, moment] = GENERATE(table<const char*, const char*>({
        {"take over", "sent"},
        {"take over", "after"},
    }));
    DYNAMIC_SECTION(operation << ", " << moment) {
        Scene scene(new_database());
        scene.run_until(amid_everything);
        scene.run_until({operation, moment, 1});
        scene.run_to_the_end();
        scene.check();
    }
}

#endif

TEST_CASE("events survive one kill after another") {
    const std::chrono::seconds length(setting("WEBHOOKS_KILL_SECONDS", 5));
    const int seed = setting("WEBHOOKS_KILL_SEED", 1);
    std::cout << "WEBHOOKS_KILL_SEED=" << seed << std::endl;
    std::mt19937 random(static_cast<unsigned>(seed));
    const auto any = [&random](int min, int max) {
        return std::uniform_int_distribution(min, max)(random);
    };
    const auto any_of = [&any](const auto& list) {
        return list[any(0, static_cast<int>(std::size(list)) - 1)];
    };
    const char* const operations[] = {"open",  "register",       "take over", "append", "record",
                                      "claim", "claim reserved", "custody",   "send",   "answer"};
    const char* const moments[] = {"before", "half written", "written", "synced", "after"};

    Scene scene;
    const auto end = std::chrono::steady_clock::now() + length;
    while (std::chrono::steady_clock::now() < end) {
        std::optional<KillPoint> point;
        if (any(0, 1) == 0) point = {any_of(operations), any_of(moments), any(1, 20)};
        scene.run_for(std::chrono::milliseconds(any(10, 400)), point);
        scene.publish_more(6);
    }
    scene.run_to_the_end();
    const int repeated = scene.check();
    std::cout << scene.runs() << " runs, " << scene.kills() << " killed; " << scene.requests()
              << " requests, " << repeated << " of them repetitions\n";
}

}  // namespace
}  // namespace webhooks::testing
