#include <atomic>
#include <condition_variable>
#include <map>
#include <mutex>
#include <stop_token>
#include <thread>
#include <webhooks/forwarding_storage.hpp>

#include "server_fixture.hpp"

using namespace webhooks;
using namespace webhooks::http;
using namespace webhooks::http::testing;
using namespace std::chrono_literals;

namespace {

/// Blocks list queries until it is told to release them.
class HeldStorage final : public ForwardingStorage {
public:
    HeldStorage() : ForwardingStorage(make_memory_storage()) {}
    ~HeldStorage() override { release(); }

    Result<Page<Subscription>> list_subscriptions(const Principal& caller,
                                                  const ListQuery& query) override {
        hold(caller, query.stop);
        return ForwardingStorage::list_subscriptions(caller, query);
    }

    Result<DeliveryStatistics> statistics(const Principal& caller, SubscriptionId id,
                                          std::stop_token stop) override {
        hold(caller, stop);
        return ForwardingStorage::statistics(caller, id, stop);
    }

    void wait_for(const std::string& user) {
        std::unique_lock lock(mutex_);
        REQUIRE(changed_.wait_for(lock, 10s, [&] { return begun_[user] > 0; }));
    }
    int begun(const std::string& user) {
        const std::lock_guard lock(mutex_);
        return begun_[user];
    }
    int stopped() const { return stopped_; }
    void release() {
        const std::lock_guard lock(mutex_);
        is_released_ = true;
        changed_.notify_all();
    }

private:
    void hold(const Principal& caller, const std::stop_token& stop) {
        std::unique_lock lock(mutex_);
        ++begun_[caller.user_id()];
        changed_.notify_all();
        const std::stop_callback on_stop(stop, [this] {
            ++stopped_;
            changed_.notify_all();
        });
        changed_.wait(lock, [this] { return is_released_; });
    }

    std::mutex mutex_;
    std::condition_variable changed_;
    std::map<std::string, int> begun_;
    bool is_released_ = false;
    std::atomic<int> stopped_ = 0;
};

struct QueriesFixture {
    std::shared_ptr<HeldStorage> storage = std::make_shared<HeldStorage>();
    WebhookService service =
        WebhookService::open(
            {.storage = storage, .transport = std::make_shared<webhooks::testing::FakeTransport>()})
            .value();
    std::optional<Server> server;

    QueriesFixture() {
        service.register_event_type({.name = "order.created", .description = ""}).value();
        service.start().value();
        server.emplace(Server::open(service, authenticate_by_api_key(ApiKeys(storage)),
                                    {.port = 0, .threads = 1, .query_threads = 2})
                           .value());
        server->start().value();
    }
    ~QueriesFixture() { storage->release(); }

    /// A request of this user.
    std::string request(const std::string& user, const std::string& line,
                        const std::string& body = "") {
        std::string& key = keys_[user];
        if (key.empty()) {
            key = ApiKeys(storage).create(Principal::user(user)).value().reveal();
        }
        return line + " HTTP/1.1\r\nHost: a\r\nX-Api-Key: " + key +
               "\r\nContent-Type: application/json\r\nContent-Length: " +
               std::to_string(body.size()) + "\r\n\r\n" + body;
    }

    std::map<std::string, std::string> keys_;
};

const std::string list = "GET /v1/webhooks/subscriptions";
const std::string statistics = "GET /v1/webhooks/subscriptions/1/stats";

}  // namespace

TEST_CASE_METHOD(QueriesFixture, "only lists wait for lists, and each user's run one at a time") {
    std::vector<std::unique_ptr<Client>> lists;
    const auto ask = [&](const std::string& user) {
        lists.push_back(std::make_unique<Client>(server->port()));
        lists.back()->send(request(user, list));
    };
    for (int i = 0; i < 20; ++i)
        ask("alice");
    storage->wait_for("alice");

    Client other(server->port());
    CHECK(other.exchange(live).status() == 200);
    CHECK(other
              .exchange(request("alice", "POST /v1/webhooks/events",
                                R"({"eventType":"order.created","payload":1})"))
              .status() == 202);
    // The other thread is available to another user.
    ask("bob");
    storage->wait_for("bob");
    CHECK(storage->begun("alice") == 1);

    storage->release();
    for (const auto& client : lists)
        CHECK(client->read().status() == 200);
    CHECK(storage->begun("alice") == 20);
}

TEST_CASE_METHOD(QueriesFixture, "a query ends with its client, and waiting ones never start") {
    std::vector<std::unique_ptr<Client>> gone;
    for (int i = 0; i < 20; ++i) {
        gone.push_back(std::make_unique<Client>(server->port()));
        gone.back()->send(request("alice", list));
    }
    Client stays(server->port());
    stays.send(request("alice", list));
    storage->wait_for("alice");
    // Bytes sent ahead do not hide the end.
    const std::string ahead = GENERATE(as<std::string>(), "", live);
    for (const auto& client : gone) {
        client->send(ahead);
        client->finish_sending();
    }
    for (const auto& client : gone)
        CHECK(client->read_to_end().empty());
    CHECK(storage->stopped() == 1);
    CHECK(stays.is_silent_for(0ms));
    storage->release();
    CHECK(stays.read().status() == 200);
    CHECK(storage->begun("alice") == 2);
    CHECK(storage->stopped() == 1);
}

TEST_CASE_METHOD(QueriesFixture, "statistics end with their client") {
    Client leaves(server->port());
    leaves.send(request("alice", statistics));
    storage->wait_for("alice");
    leaves.finish_sending();
    CHECK(leaves.read_to_end().empty());
    CHECK(storage->stopped() == 1);
}

TEST_CASE_METHOD(QueriesFixture, "a stop waits for running lists and drops waiting ones") {
    Client first(server->port());
    first.send(request("alice", list));
    storage->wait_for("alice");
    Client second(server->port());
    second.send(request("alice", list));
    CHECK(Client(server->port()).exchange(live).status() == 200);
    std::thread stopper([&] { server->stop(0ms); });
    CHECK(first.read_to_end().empty());
    CHECK(second.read_to_end().empty());
    storage->release();
    stopper.join();
    CHECK(storage->begun("alice") == 1);
}
