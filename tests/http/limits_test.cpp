#include <sys/resource.h>
#include <unistd.h>

#include <ctime>

#include "server_fixture.hpp"

using namespace webhooks;
using namespace webhooks::http;
using namespace webhooks::http::testing;
using namespace std::chrono_literals;

TEST_CASE_METHOD(ServerFixture, "an incomplete head is a 408") {
    Client client(open({.header_timeout = 50ms}));
    client.send("GET / HTTP/1.1\r\nHost:");
    server->start().value();
    const Answer answer = client.read();
    CHECK(answer.status() == 408);
    CHECK(answer.field("connection") == "close");
    client.finish_sending();
    CHECK(client.read_to_end().empty());
}

TEST_CASE_METHOD(ServerFixture, "bytes that trickle in do not extend a head's time limit") {
    Client client(open({.header_timeout = 100ms}));
    client.send("X");
    server->start().value();
    while (client.is_silent_for(10ms))
        client.send("X");
    CHECK(client.read().status() == 408);
}

TEST_CASE_METHOD(ServerFixture, "an incomplete body is a 408") {
    Client client(start({.body_timeout = 50ms}));
    client.send(head("POST", "/") + "Content-Length: 5\r\n\r\nab");
    CHECK(client.read().status() == 408);
}

TEST_CASE_METHOD(ServerFixture, "a connection without requests closes silently") {
    const auto port = open({.header_timeout = 50ms, .idle_timeout = 100ms});
    Client client(port);
    client.send(live);
    server->start().value();
    CHECK(client.read().status() == 200);
    CHECK(client.read_to_end().empty());
    Client fresh(port);
    CHECK(fresh.read_to_end().empty());
}

TEST_CASE_METHOD(ServerFixture, "a client that does not read its responses is disconnected") {
    Client client(start({.write_timeout = 50ms}));
    std::string many;
    for (int i = 0; i < 1000; ++i)
        many += live;
    // Responses pile up until neither side's buffers have room, then the server closes the
    // connection.
    while (client.send(many)) {
    }
    CHECK(client.is_closed());
}

TEST_CASE_METHOD(ServerFixture, "a response larger than the socket's buffers arrives completely") {
    const Principal alice = Principal::user("alice");
    const SubscriptionId id = service
                                  .create_subscription(alice, {.name = "mine",
                                                               .event_type = "order.created",
                                                               .url = "https://hooks.example.com/"})
                                  .value()
                                  .id;
    const std::string payload = '"' + std::string(1'000'000, 'x') + '"';
    constexpr int events = 15;
    for (int i = 0; i < events; ++i) {
        service.publish(alice, {.event_type = "order.created", .payload = payload}).value();
    }
    Client client(start());
    const Answer answer = client.exchange(
        request("GET", "/v1/webhooks/subscriptions/" + std::to_string(id.value) + "/events"));
    CHECK(answer.status() == 200);
    CHECK(answer.body.size() > events * payload.size());
    CHECK(client.exchange(live).status() == 200);
}

TEST_CASE_METHOD(ServerFixture, "connections beyond the limit wait for room") {
    const auto port = start({.max_connections = 2});
    std::optional<Client> first(std::in_place, port);
    Client second(port);
    const std::string known = request("GET", "/v1/webhooks/event-types");
    CHECK(first->exchange(known).status() == 200);
    CHECK(second.exchange(known).status() == 200);
    Client third(port);
    third.send(live);
    CHECK(third.is_silent_for(50ms));
    first.reset();
    CHECK(third.read().status() == 200);
}

TEST_CASE_METHOD(ServerFixture, "connections without credentials do not lock out others") {
    const auto port = start({.max_connections = 3});
    const std::string known = request("GET", "/v1/webhooks/event-types");
    Client first(port);
    CHECK(first.exchange(known).status() == 200);
    Client idlest(port);
    CHECK(idlest.exchange(live).status() == 200);
    Client silent(port);
    silent.send("GET / HTTP/1.1\r\n");
    for (int i = 0; i < 10; ++i)
        CHECK(Client(port).exchange(known).status() == 200);
    CHECK(idlest.read_to_end().empty());
    CHECK(first.exchange(known).status() == 200);
}

TEST_CASE_METHOD(ServerFixture, "large responses beyond the total limit are a 503") {
    for (int i = 0; i < 1100; ++i) {
        service
            .register_event_type(
                {.name = "a" + std::to_string(i), .description = std::string(1000, 'x')})
            .value();
    }
    Client client(start({.max_response_bytes = 1024 * 1024}));
    const Answer answer = client.exchange(request("GET", "/v1/webhooks/event-types"));
    CHECK(answer.status() == 503);
    CHECK(answer.field("retry-after") == "1");
    CHECK(client.exchange(live).status() == 200);
    server->stop(std::chrono::milliseconds(0));
    Client other(start({.max_response_bytes = 2 * 1024 * 1024}));
    for (int i = 0; i < 3; ++i)
        CHECK(other.exchange(request("GET", "/v1/webhooks/event-types")).status() == 200);
}

TEST_CASE_METHOD(ServerFixture, "without descriptors accepting waits, and does not busy-loop") {
    const auto port = start();
    // The client's own descriptor is opened before they run out.
    Client warm(port);
    CHECK(warm.exchange(live).status() == 200);
    rlimit before{};
    REQUIRE(getrlimit(RLIMIT_NOFILE, &before) == 0);
    const int next = ::dup(0);
    REQUIRE(next >= 0);
    ::close(next);
    // Room for only the client: the server has none for the connection it accepts.
    const rlimit tight{.rlim_cur = static_cast<rlim_t>(next) + 1, .rlim_max = before.rlim_max};
    REQUIRE(setrlimit(RLIMIT_NOFILE, &tight) == 0);
    Client client(port);
    client.send(live);
    const std::clock_t cpu = std::clock();
    const bool is_silent = client.is_silent_for(300ms);
    const double seconds = double(std::clock() - cpu) / CLOCKS_PER_SEC;
    REQUIRE(setrlimit(RLIMIT_NOFILE, &before) == 0);
    CHECK(is_silent);
    CHECK(seconds < 0.1);
    CHECK(client.read().status() == 200);
    CHECK(warm.exchange(live).status() == 200);
}

TEST_CASE("each option has its range, and the message names it") {
    const auto detail = [](const ServerOptions& options) {
        const auto verdict = options.validate();
        return verdict ? std::string() : verdict.error().detail();
    };
    CHECK(detail({}) == "");
    CHECK(detail({.host = "::1"}) == "");
    CHECK(detail({.host = "localhost"}) == "host: must be an IPv4 or IPv6 address");
    CHECK(detail({.threads = 0}) == "threads: is 0, must be 1 to 64");
    CHECK(detail({.threads = 65}) == "threads: is 65, must be 1 to 64");
    CHECK(detail({.max_connections = 0}) == "max_connections: is 0, must be 1 to 100000");
    CHECK(detail({.max_connections_per_address = 0}) ==
          "max_connections_per_address: is 0, must be 1 to 100000");
    CHECK(detail({.max_response_bytes = 1}) ==
          "max_response_bytes: is 1 bytes, must be 1048576 bytes to 1099511627776 bytes");
    CHECK(
        detail({.base_path = "hooks/"}) ==
        "base_path: must begin with '/', not end with it, and consist of letters, digits and -._~");
    CHECK(detail({.max_body_bytes = 16777217}) ==
          "max_body_bytes: is 16777217 bytes, must be 0 bytes to 16777216 bytes");
    CHECK(detail({.max_body_bytes = 100, .max_batch_body_bytes = 100}) == "");
    CHECK(detail({.max_body_bytes = 100, .max_batch_body_bytes = 99}) ==
          "max_batch_body_bytes: is 99 bytes, must be 100 bytes to 67108864 bytes");
    CHECK(detail({.header_timeout = 9ms}) == "header_timeout: is 9 ms, must be 10 ms to 300000 ms");
    CHECK(detail({.body_timeout = 6min}) ==
          "body_timeout: is 360000 ms, must be 10 ms to 300000 ms");
    CHECK(detail({.write_timeout = 0ms}) == "write_timeout: is 0 ms, must be 10 ms to 300000 ms");
    CHECK(detail({.threads = 0, .idle_timeout = 2h}) ==
          "threads: is 0, must be 1 to 64; "
          "idle_timeout: is 7200000 ms, must be 10 ms to 3600000 ms");
}
