#include <thread>

#include "server_fixture.hpp"

using namespace webhooks;
using namespace webhooks::http;
using namespace webhooks::http::testing;
using namespace std::chrono_literals;

namespace {

/// Blocks every request until it is told to answer.
class SlowAuthenticator final : public Authenticator {
public:
    Result<Principal> authenticate(const RequestHead&) override {
        std::unique_lock lock(mutex_);
        ++waiting_;
        changed_.notify_all();
        changed_.wait(lock, [this] { return is_open_; });
        return Principal::user("alice");
    }

    void wait_for_caller() {
        std::unique_lock lock(mutex_);
        REQUIRE(changed_.wait_for(lock, 10s, [this] { return waiting_ > 0; }));
    }

    void open() {
        const std::lock_guard lock(mutex_);
        is_open_ = true;
        changed_.notify_all();
    }

private:
    std::mutex mutex_;
    std::condition_variable changed_;
    int waiting_ = 0;
    bool is_open_ = false;
};

}  // namespace

TEST_CASE_METHOD(ServerFixture, "a port in use is unavailable, and free after a stop") {
    const auto port = start();
    Client client(port);
    CHECK(client.exchange(live).status() == 200);
    ServerOptions same;
    same.port = port;
    const auto taken = Server::open(service, nullptr, same);
    REQUIRE_FALSE(taken);
    CHECK(taken.error() == Errc::unavailable);
    CHECK(taken.error().detail().find(std::to_string(port)) != std::string::npos);
    server->stop(1s);
    CHECK(Server::open(service, nullptr, same));
}

TEST_CASE_METHOD(ServerFixture, "bad options and addresses of other machines are rejected") {
    CHECK(Server::open(service, nullptr, {.host = "x"}).error() == Errc::invalid_argument);
    CHECK(Server::open(service, nullptr, {.host = "192.0.2.1", .port = 0}).error() ==
          Errc::unavailable);
}

TEST_CASE_METHOD(ServerFixture, "a server listens before it starts and answers after") {
    ServerOptions options;
    options.port = 0;
    Server early = Server::open(service, nullptr, options).value();
    Client client(early.port());
    client.send(live);
    CHECK(client.is_silent_for(20ms));
    early.start().value();
    CHECK(client.read().status() == 200);
    early.stop(1s);
    CHECK(early.start().error() == Errc::stopped);
}

TEST_CASE_METHOD(ServerFixture, "a server that never started stops") {
    ServerOptions options;
    options.port = 0;
    Server unused = Server::open(service, nullptr, options).value();
    unused.stop(1s);
    SUCCEED();
}

TEST_CASE_METHOD(ServerFixture, "a stop closes idle connections at once") {
    Client client(start());
    CHECK(client.exchange(live).status() == 200);
    const auto begin = std::chrono::steady_clock::now();
    server->stop(10s);
    CHECK(std::chrono::steady_clock::now() - begin < 5s);
    CHECK(client.read_to_end().empty());
}

TEST_CASE_METHOD(ServerFixture, "a stop does not wait for a request whose head is incomplete") {
    Client client(start());
    CHECK(client.exchange(live).status() == 200);
    client.send("GET /health/live HTTP/1.1\r\nHost: a");
    const auto begin = std::chrono::steady_clock::now();
    server->stop(10s);
    CHECK(std::chrono::steady_clock::now() - begin < 5s);
    CHECK(client.read_to_end().empty());
}

TEST_CASE_METHOD(ServerFixture, "a stop waits for the response to a request in flight") {
    const auto slow = std::make_shared<SlowAuthenticator>();
    ServerOptions options;
    options.port = 0;
    Server draining = Server::open(service, slow, options).value();
    draining.start().value();
    Client client(draining.port());
    client.send(request("GET", "/v1/webhooks/event-types"));
    slow->wait_for_caller();
    std::thread stopper([&] { draining.stop(10s); });
    slow->open();
    const Answer answer = client.read();
    CHECK(answer.status() == 200);
    CHECK(client.read_to_end().empty());
    client.finish_sending();
    stopper.join();
}

TEST_CASE("a publication whose result comes after the stop does no harm") {
    // Nothing runs this service, so its publications wait.
    WebhookService idle =
        WebhookService::open({.storage = make_memory_storage(),
                              .transport = std::make_shared<webhooks::testing::FakeTransport>()})
            .value();
    idle.register_event_type({.name = "a", .description = ""}).value();
    const auto anyone = std::make_shared<SlowAuthenticator>();
    anyone->open();
    ServerOptions options;
    options.port = 0;
    std::optional<Server> server(Server::open(idle, anyone, options).value());
    server->start().value();
    Client client(server->port());
    const std::string body = R"({"eventType":"a","payload":1})";
    client.send(
        "POST /v1/webhooks/events HTTP/1.1\r\nHost: a\r\nX-Api-Key: k\r\n"
        "Content-Type: application/json\r\nContent-Length: " +
        std::to_string(body.size()) + "\r\n\r\n" + body);
    anyone->wait_for_caller();
    CHECK(client.is_silent_for(20ms));
    server->stop(10ms);
    server.reset();
    CHECK(client.read_to_end().empty());
    CHECK(idle.run_once());
}
