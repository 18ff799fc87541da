// Readers that wait for the next event of a feed, over real connections.

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <webhooks/forwarding_storage.hpp>

#include "server_fixture.hpp"

using namespace webhooks;
using namespace webhooks::http;
using namespace webhooks::http::testing;
using namespace std::chrono_literals;

namespace {

/// Counts what was read of feeds.
class CountingStorage final : public ForwardingStorage {
public:
    CountingStorage() : ForwardingStorage(make_memory_storage()) {}

    Result<FeedRows> read_feed(const Principal& caller, SubscriptionId id,
                               const FeedRequest& request) override {
        Result<FeedRows> rows = ForwardingStorage::read_feed(caller, id, request);
        const std::lock_guard lock(mutex_);
        ++reads_;
        changed_.notify_all();
        return rows;
    }

    std::size_t reads() {
        const std::lock_guard lock(mutex_);
        return reads_;
    }
    void wait_for_reads(std::size_t count) {
        std::unique_lock lock(mutex_);
        REQUIRE(changed_.wait_for(lock, 10s, [&] { return reads_ >= count; }));
    }

private:
    std::mutex mutex_;
    std::condition_variable changed_;
    std::size_t reads_ = 0;
};

struct WaitingFixture : ServerFixture {
    WaitingFixture() : WaitingFixture(std::make_shared<CountingStorage>()) {}
    explicit WaitingFixture(const std::shared_ptr<CountingStorage>& given)
        : ServerFixture(given), counting(given) {}

    const std::shared_ptr<CountingStorage> counting;
    const Principal alice = Principal::user("alice");
    const SubscriptionId id = subscribe("alice");
    const std::string wait = request("GET", path(id) + "&wait=60");

    SubscriptionId subscribe(const std::string& user) {
        return service
            .create_subscription(
                Principal::user(user),
                {.name = "mine", .event_type = "order.created", .url = "https://example.com/a"})
            .value()
            .id;
    }

    static std::string path(SubscriptionId of) {
        return "/v1/webhooks/subscriptions/" + std::to_string(of.value) + "/feed?cursor=latest";
    }

    /// A client that has read, and now waits: the limits count it before they count what is asked
    /// later, because requests of one user are handled one after another.
    std::unique_ptr<Client> begin_to_wait() {
        auto client = std::make_unique<Client>(server->port());
        begin_to_wait(*client);
        return client;
    }
    void begin_to_wait(Client& client) {
        const std::size_t before = counting->reads();
        client.send(wait);
        counting->wait_for_reads(before + 1);
    }

    void publish() {
        service.publish(alice, {.event_type = "order.created", .payload = "{}"}).value();
    }
};

}  // namespace

TEST_CASE_METHOD(WaitingFixture, "a reader that waits gets the next event, and then waits again") {
    start();
    const auto client = begin_to_wait();
    publish();
    const Answer answer = client->read();
    CHECK(answer.status() == 200);
    CHECK(answer.body.find(R"("eventType":"order.created")") != std::string::npos);
    CHECK(answer.body.find(R"("hasMore":false)") != std::string::npos);
    begin_to_wait(*client);
    publish();
    CHECK(client->read().status() == 200);
}

TEST_CASE_METHOD(WaitingFixture, "a key that is revoked while its reader waits reads nothing") {
    start();
    const auto client = begin_to_wait();
    const ApiKeys keys(storage);
    REQUIRE(keys.list().value().size() == 1);
    REQUIRE(ApiKeys(storage).revoke(keys.list().value().front().id));
    publish();
    const Answer answer = client->read();
    CHECK(answer.status() == 401);
    CHECK_FALSE(answer.field("www-authenticate").empty());
    CHECK(answer.body.find("order.created") == std::string::npos);
}

TEST_CASE_METHOD(WaitingFixture, "readers that wait occupy no thread") {
    start({.threads = 1, .query_threads = 1});
    std::vector<std::unique_ptr<Client>> clients;
    for (std::size_t i = 0; i < max_feed_waits; ++i) {
        clients.push_back(begin_to_wait());
    }
    Client other(server->port());
    CHECK(other.exchange(request("GET", "/v1/webhooks/subscriptions")).status() == 200);
    publish();
    for (const auto& client : clients) {
        CHECK(client->read().status() == 200);
    }
}

TEST_CASE_METHOD(WaitingFixture, "one reader too many of a feed is a 429 that says when to retry") {
    start();
    std::vector<std::unique_ptr<Client>> clients;
    for (std::size_t i = 0; i < max_feed_waits; ++i) {
        clients.push_back(begin_to_wait());
    }
    Client last(server->port());
    const Answer answer = last.exchange(wait);
    CHECK(answer.status() == 429);
    CHECK(answer.field("retry-after") == "1");
    CHECK(last.exchange(request("GET", path(id))).status() == 200);
}

TEST_CASE_METHOD(WaitingFixture, "half of the connections may wait, and users share them") {
    start({.max_connections = 4});
    const std::string other_key{ApiKeys(storage).create(Principal::user("bob")).value().reveal()};
    const auto first = begin_to_wait();
    const auto second = begin_to_wait();
    Client third(server->port());
    CHECK(third.exchange(wait).status() == 429);
    Client other(server->port());
    other.send("GET " + path(subscribe("bob")) +
               "&wait=60 HTTP/1.1\r\nHost: a\r\nX-Api-Key: " + other_key + "\r\n\r\n");
    CHECK(first->read().body.find(R"("events":[])") != std::string::npos);
    CHECK(other.is_silent_for(50ms));
    CHECK(second->is_silent_for(0ms));
}

TEST_CASE_METHOD(WaitingFixture, "a client that leaves ends its wait") {
    start();
    for (std::size_t i = 0; i < max_feed_waits; ++i) {
        begin_to_wait();
    }
    // Until the server has noticed that they are gone.
    Answer answer;
    do {
        Client next(server->port());
        answer = next.exchange(request("GET", path(id) + "&wait=1"));
    } while (answer.status() == 429);
    CHECK(answer.status() == 200);
}

TEST_CASE_METHOD(WaitingFixture, "a server that stops answers readers without events") {
    start();
    const auto client = begin_to_wait();
    server->stop(10s);
    const Answer answer = client->read();
    CHECK(answer.status() == 200);
    CHECK(answer.body.find(R"("events":[])") != std::string::npos);
}

TEST_CASE_METHOD(WaitingFixture, "a server that its authenticator stops after a wait still ends") {
    struct Stopping final : Authenticator {
        explicit Stopping(std::optional<Server>& given) : server(given) {}
        Result<Principal> authenticate(const RequestHead&) override {
            if (++calls > 1) server->stop(0ms);
            return Principal::user("alice");
        }
        std::optional<Server>& server;
        std::atomic<int> calls{0};
    };
    const auto stopping = std::make_shared<Stopping>(server);
    server.emplace(Server::open(service, stopping, {.port = 0}).value());
    server->start().value();
    const auto client = begin_to_wait();
    publish();
    CHECK(client->read().status() == 200);
    CHECK(stopping->calls == 2);
    CHECK(server->start().error() == Errc::stopped);
    server.reset();
}

TEST_CASE_METHOD(WaitingFixture, "a reader whose subscription is deleted gets a 404 at once") {
    start();
    const auto client = begin_to_wait();
    service.delete_subscription(alice, id).value();
    CHECK(client->read().status() == 404);
}
