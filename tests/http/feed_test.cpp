// Readers that wait for the next event of a feed, over real connections.

#include "server_fixture.hpp"

using namespace webhooks;
using namespace webhooks::http;
using namespace webhooks::http::testing;
using namespace std::chrono_literals;

namespace {

struct WaitingFixture : ServerFixture {
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

    /// A client that waits, once the service knows of it: by then the limit counts it.
    std::unique_ptr<Client> begin_to_wait() {
        auto client = std::make_unique<Client>(server->port());
        client->send(wait);
        CHECK(client->is_silent_for(50ms));
        return client;
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
    client->send(wait);
    CHECK(client->is_silent_for(50ms));
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

TEST_CASE_METHOD(WaitingFixture, "a reader whose subscription is deleted gets a 404 at once") {
    start();
    const auto client = begin_to_wait();
    service.delete_subscription(alice, id).value();
    CHECK(client->read().status() == 404);
}
