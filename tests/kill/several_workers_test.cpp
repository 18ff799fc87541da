/// @file
/// Three worker processes on one PostgreSQL database. Repeatedly one of them is killed, and another
/// suspended past its lease and continued. In the end all logs are compared.

#include <sys/wait.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <fstream>
#include <iostream>
#include <kill/audit.hpp>
#include <kill/feed_reader.hpp>
#include <kill/scene.hpp>
#include <kill/settings.hpp>
#include <kill/worker_process.hpp>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <sstream>
#include <support/catch.hpp>
#include <support/postgresql_cluster.hpp>
#include <support/temporary_folder.hpp>
#include <thread>
#include <webhooks/webhooks.hpp>

namespace webhooks::testing {
namespace {

using namespace std::chrono_literals;
using std::chrono::steady_clock;

const Principal host = Principal::administrator("host");
constexpr int slots = 3;
/// The requests that one failure may have repeated: those in flight to the one receiver, and the
/// results of one and a half commits.
constexpr std::size_t max_in_memory = 16 + 200;

/// Of each queue, the events arrived one after the other: once a later one was sent, no earlier one
/// was any more. @return the requests for events with ordering keys
std::size_t check_order(const std::vector<Request>& requests) {
    std::map<std::string, long long> newest;
    std::size_t count = 0;
    for (const Request& request : requests) {
        const std::string begin = R"("number":)";
        const int number = std::stoi(request.body.substr(request.body.find(begin) + begin.size()));
        const std::string key = shared_ordering_key(number);
        if (key.empty()) continue;
        const long long event =
            std::stoll(request.webhook_id.substr(request.webhook_id.find('_') + 1));
        long long& last = newest[request.endpoint + ' ' + key];
        INFO("event " << event << " of " << request.endpoint << ", " << key);
        CHECK(event >= last);
        last = std::max(last, event);
        ++count;
    }
    return count;
}

class SharedScene {
public:
    explicit SharedScene(int publications) : publications_(publications) {
        const PostgresqlOptions options{.connection = Secret(postgresql_cluster().uri())};
        migrate_postgresql(options).value();
        storage_ = make_postgresql_storage(options).value();
        storage_->upsert_event_type({.name = shared_event_type, .description = ""}).value();
        for (const char* name : {steady, flaky}) {
            storage_
                ->insert_subscription(Principal::administrator("admin"),
                                      {.name = name,
                                       .event_type = shared_event_type,
                                       .url = receiver_.url() + name,
                                       .secret = Secret(secret),
                                       .max_retry_count = 9,
                                       // What a lost worker had in flight waits for this long.
                                       .timeout = 6s,
                                       .user_id = "host"})
                .value();
        }
        const Subscription draft{.name = reader,
                                 .event_type = shared_event_type,
                                 .delivery = Delivery::pull,
                                 .user_id = "host"};
        reads_ = storage_->insert_subscription(Principal::administrator("admin"), draft).value().id;
        feed_ = std::make_unique<FeedReader>(storage_, reads_);
        for (int slot = 0; slot < slots; ++slot) {
            start(slot);
        }
    }

    void kill(int slot) {
        faults_.insert(worker_in(slot).run);
        ::kill(worker_in(slot).process->id(), SIGKILL);
        REQUIRE(WTERMSIG(worker_in(slot).process->wait()) == SIGKILL);
        start(slot);
    }

    /// Suspends it, past its lease, while one of its requests waits for its response.
    void stop(int slot) {
        faults_.insert(worker_in(slot).run);
        const auto deadline = steady_clock::now() + 10s;
        while (receiver_.latest_run() != worker_in(slot).run && steady_clock::now() < deadline) {
            std::this_thread::sleep_for(1ms);
        }
        ::kill(worker_in(slot).process->id(), SIGSTOP);
    }
    void go_on(int slot) { ::kill(worker_in(slot).process->id(), SIGCONT); }

    std::size_t acknowledged() const {
        std::size_t count = 0;
        for (int slot = 0; slot < slots; ++slot) {
            count += read(slot).size();
        }
        return count;
    }

    bool is_delivered() const {
        const ListQuery undone{.filter = field("isSuccess") == false, .take = 0};
        for (const Subscription& one : storage_->list_subscriptions(host, {}).value().items) {
            if (storage_->list_events(host, one.id, undone).value().total != 0) return false;
        }
        return true;
    }

    /// Ends the workers regularly.
    void end() {
        for (Worker& worker : workers_) {
            ::kill(worker.process->id(), SIGTERM);
        }
        for (Worker& worker : workers_) {
            CHECK(worker.process->wait() == 0);
        }
    }

    Findings check() const {
        Published published;
        for (int slot = 0; slot < slots; ++slot) {
            published.acknowledged.merge(read(slot));
        }
        CHECK(published.acknowledged.size() == static_cast<std::size_t>(publications_));
        Findings findings =
            audit(postgresql_cluster().uri(), "webhooks", published, receiver_.requests(), faults_);
        for (const auto& [run, count] : findings.unrecorded) {
            INFO("run " << run);
            CHECK(faults_.contains(run));
        }
        CHECK(check_order(receiver_.requests()) > 0);
        check_feed();
        return findings;
    }

    /// The late writes of continued workers that were rejected.
    std::size_t fenced() const {
        std::size_t sum = 0;
        std::ifstream lines(folder_.file(fence_log));
        for (int run = 0, results = 0; lines >> run >> results;) {
            CHECK(faults_.contains(run));
            sum += static_cast<std::size_t>(results);
        }
        return sum;
    }

    int publications() const { return publications_; }

private:
    struct Worker {
        int run = 0;
        std::unique_ptr<WorkerProcess> process;
    };

    /// What was read meanwhile is each event once, in order.
    void check_feed() const {
        std::vector<EventId> expected;
        ListQuery query{.take = max_take, .after = 0};
        for (bool has_more = true; has_more;) {
            const auto page = storage_->list_events(host, reads_, query).value();
            for (const Event& event : page.items) {
                expected.push_back(event.id);
            }
            has_more = !page.items.empty();
            if (has_more) query.after = page.items.back().id.value;
        }
        CHECK(expected.size() == static_cast<std::size_t>(publications_));
        CHECK(feed_->finish() == expected);
    }

    Worker& worker_in(int slot) { return workers_[static_cast<std::size_t>(slot)]; }

    void start(int slot) {
        worker_in(slot) = {.run = runs_,
                           .process = std::make_unique<WorkerProcess>(
                               WEBHOOKS_KILL_SHARED_WORKER,
                               std::vector<std::string>{postgresql_cluster().uri(), folder_.path(),
                                                        receiver_.url(), std::to_string(runs_),
                                                        std::to_string(slot), std::to_string(slots),
                                                        std::to_string(publications_)})};
        ++runs_;
    }

    std::map<int, std::vector<EventId>> read(int slot) const {
        std::map<int, std::vector<EventId>> all;
        std::ifstream lines(folder_.file(shared_publisher_log(slot)));
        for (std::string line; std::getline(lines, line);) {
            std::istringstream words(line);
            int number = 0;
            words >> number;
            for (EventId id; words >> id.value;) {
                all[number].push_back(id);
            }
        }
        return all;
    }

    const int publications_;
    TemporaryFolder folder_;
    /// It takes a while, so that failures hit requests in flight.
    RequestLog receiver_{20ms};
    std::shared_ptr<Storage> storage_;
    SubscriptionId reads_;
    std::unique_ptr<FeedReader> feed_;
    int runs_ = 0;
    std::set<int> faults_;  ///< Runs that were killed, or stopped past their lease.
    std::array<Worker, slots> workers_;
};

}  // namespace

TEST_CASE("three workers share a database while one after another is killed or suspended",
          "[postgresql]") {
    const int seed = setting("WEBHOOKS_KILL_SEED", 1);
    std::mt19937 random(static_cast<unsigned>(seed));
    const auto any = [&random](int min, int max) {
        return std::uniform_int_distribution(min, max)(random);
    };
    SharedScene scene(setting("WEBHOOKS_KILL_EVENTS", 6'000) / 2);
    const auto all = static_cast<std::size_t>(scene.publications());
    const auto began = steady_clock::now();
    const auto deadline = began + 60s + std::chrono::milliseconds(20 * all);
    std::size_t kills = 0;
    std::size_t stops = 0;
    while (scene.acknowledged() < all && steady_clock::now() < deadline) {
        const int sleeper = any(0, slots - 1);
        scene.stop(sleeper);
        ++stops;
        const auto wakes =
            steady_clock::now() + shared_lease + std::chrono::milliseconds(any(500, 1500));
        while (steady_clock::now() < wakes) {
            std::this_thread::sleep_for(std::chrono::milliseconds(any(50, 700)));
            scene.kill((sleeper + any(1, slots - 1)) % slots);
            ++kills;
        }
        scene.go_on(sleeper);
        std::this_thread::sleep_for(std::chrono::milliseconds(any(200, 1000)));
    }
    while (!scene.is_delivered() && steady_clock::now() < deadline) {
        std::this_thread::sleep_for(20ms);
    }
    CHECK(scene.is_delivered());
    scene.end();
    const auto took = std::chrono::duration_cast<std::chrono::seconds>(steady_clock::now() - began);
    const Findings findings = scene.check();
    const std::size_t fenced = scene.fenced();
    std::cout << "WEBHOOKS_KILL_SEED=" << seed << ", " << took.count() << " s: " << findings.events
              << " events, " << findings.requests << " requests; " << kills << " workers killed, "
              << stops << " stood still; " << findings.repeated() << " repetitions, at most "
              << findings.max_unrecorded << " of one event; " << fenced << " late results fenced\n";
    CHECK(kills > 0);
    // A few stops may hit nothing that was answered and not yet written.
    if (stops >= 20) CHECK(fenced > 0);
    CHECK(findings.max_unrecorded <= kills + stops);
    CHECK(findings.repeated() <= (kills + stops) * max_in_memory);
}

}  // namespace webhooks::testing
