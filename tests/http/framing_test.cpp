#include "server_fixture.hpp"

using namespace webhooks;
using namespace webhooks::http;
using namespace webhooks::http::testing;

TEST_CASE_METHOD(ServerFixture,
                 "a request with wrong framing is answered and closes the connection") {
    const auto [bytes, status] = GENERATE(table<std::string, int>({
        {"GET /health/live HTTP/1.1\r\n\r\n", 400},
        {"GET /health/live HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", 400},
        {"GET /health/live HTTP/1.1\nHost: a\n\n", 400},
        {"GET /health/live HTTP/1.1\r\nHost: a\r\nX: a\r\n b\r\n\r\n", 400},
        {"GET /\x01 HTTP/1.1\r\nHost: a\r\n\r\n", 400},
        {"GET / HTTP/3.0\r\nHost: a\r\n\r\n", 400},
        {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 400},
        {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n"
         "0\r\n\r\n",
         400},
        {"POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400},
        {"POST /health/live HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
         "0\r\nX: a\r\n\r\n",
         400},
        {"GET /" + std::string(9000, 'x'), 414},
        {"GET / HTTP/1.1\r\nX: " + std::string(40'000, 'x'), 431},
        {"POST /health/live HTTP/1.1\r\nHost: a\r\nContent-Length: 1114113\r\n\r\n", 413},
        {"\x16\x03\x01\x02" + std::string(9000, 'x'), 414},
    }));
    Client client(start());
    client.send(bytes + live);
    const Answer answer = client.read();
    INFO(answer.head << answer.body);
    CHECK(answer.status() == status);
    CHECK(answer.status_line.starts_with("HTTP/1.1 "));
    CHECK(answer.body.starts_with(R"({"success":false,"message":")"));
    CHECK(answer.field("connection") == "close");
    CHECK(answer.field("x-request-id").size() == 16);
    CHECK(answer.field("cache-control") == "no-store");
    client.finish_sending();
    CHECK(client.read_to_end().empty());
}

TEST_CASE_METHOD(ServerFixture, "pipelined requests are answered in order") {
    Client client(start());
    std::string requests;
    for (int i = 0; i < 50; ++i) {
        requests += head("GET", i % 2 ? "/v1/webhooks/event-types" : "/nothing") +
                    "X-Request-Id: r" + std::to_string(i) + "\r\n\r\n";
    }
    client.send(requests);
    for (int i = 0; i < 50; ++i) {
        const Answer answer = client.read();
        CHECK(answer.field("x-request-id") == "r" + std::to_string(i));
        CHECK(answer.status() == (i % 2 ? 200 : 404));
        CHECK(answer.field("connection") == "keep-alive");
    }
}

TEST_CASE_METHOD(ServerFixture, "pipelined publications are answered in order") {
    Client client(start());
    std::string requests;
    for (int i = 0; i < 20; ++i) {
        requests +=
            request("POST", "/v1/webhooks/events", R"({"eventType":"order.created","payload":1})");
        requests += live;
    }
    client.send(requests);
    for (int i = 0; i < 20; ++i) {
        CHECK(client.read().status() == 202);
        CHECK(client.read().status() == 200);
    }
}

TEST_CASE_METHOD(ServerFixture, "a request may arrive in pieces") {
    Client client(start());
    for (const char c : request("POST", "/v1/webhooks/events", "{}"))
        client.send({&c, 1});
    CHECK(client.read().status() == 400);
}

TEST_CASE_METHOD(ServerFixture, "HEAD has the length of the body but not the body") {
    Client client(start());
    const Answer get = client.exchange(request("GET", "/v1/webhooks/event-types"));
    client.send(request("HEAD", "/v1/webhooks/event-types"));
    const Answer head_answer = client.read(true);
    CHECK(head_answer.status() == 200);
    CHECK(head_answer.field("content-length") == std::to_string(get.body.size()));
    CHECK(client.exchange(live).status() == 200);
}

TEST_CASE_METHOD(ServerFixture, "the connection closes when the client asks for it") {
    const auto port = start();
    Client closing(port);
    closing.send("GET /health/live HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    CHECK(closing.read().field("connection") == "close");
    CHECK(closing.read_to_end().empty());

    Client old(port);
    old.send("GET /health/live HTTP/1.0\r\nHost: a\r\n\r\n");
    const Answer answer = old.read();
    CHECK(answer.status_line == "HTTP/1.1 200 OK");
    CHECK(answer.field("connection") == "close");
    CHECK(old.read_to_end().empty());
}

TEST_CASE_METHOD(ServerFixture, "a client that has stopped sending still gets its response") {
    Client client(start());
    client.send(live);
    client.finish_sending();
    CHECK(client.read().status() == 200);
    CHECK(client.read_to_end().empty());
}

TEST_CASE_METHOD(ServerFixture, "100 Continue is sent before the body and not after a rejection") {
    const auto port = start();
    const std::string expecting = head("POST", "/v1/webhooks/subscriptions") +
                                  "Content-Type: application/json\r\nExpect: 100-continue\r\n";
    Client client(port);
    client.send(expecting + "Content-Length: 2\r\n\r\n");
    CHECK(client.read().status_line == "HTTP/1.1 100 Continue");
    CHECK(client.exchange("{}").status() == 400);

    Client rejected(port);
    CHECK(rejected.exchange(expecting + "Content-Length: 9999999\r\n\r\n").status() == 413);
}

TEST_CASE_METHOD(ServerFixture, "a body is read up to its limit, however it arrives") {
    const auto port = start({.max_body_bytes = 1000});
    const auto publish = [&](std::size_t size, bool is_chunked) {
        const std::string start_of_body = R"({"eventType":"order.created","payload":")";
        const std::string body =
            start_of_body + std::string(size - start_of_body.size() - 2, 'x') + "\"}";
        if (!is_chunked) {
            return Client(port).exchange(request("POST", "/v1/webhooks/events", body)).status();
        }
        return Client(port)
            .exchange(head("POST", "/v1/webhooks/events") +
                      "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n64\r\n" +
                      body.substr(0, 100) + "\r\n" +
                      [&] {
                          char text[32];
                          std::snprintf(text, sizeof text, "%zX\r\n", size - 100);
                          return std::string(text);
                      }() +
                      body.substr(100) + "\r\n0\r\n\r\n")
            .status();
    };
    for (const bool is_chunked : {false, true}) {
        CHECK(publish(1000, is_chunked) == 202);
        CHECK(publish(1001, is_chunked) == 413);
    }
}

TEST_CASE_METHOD(ServerFixture, "a batch may have a larger body") {
    const auto port = start({.max_body_bytes = 1000, .max_batch_body_bytes = 100'000});
    const auto batch_of = [](std::size_t size) {
        const std::string begin = R"({"events":[{"eventType":"order.created","payload":")";
        return begin + std::string(size - begin.size() - 4, 'x') + "\"}]}";
    };
    const std::string path = "/v1/webhooks/events/batch";
    CHECK(Client(port).exchange(request("POST", path, batch_of(100'000))).status() == 202);
    CHECK(Client(port).exchange(request("POST", path, batch_of(100'001))).status() == 413);
    key = "unknown";
    CHECK(Client(port).exchange(request("POST", path, batch_of(1000))).status() == 401);
}

TEST_CASE_METHOD(ServerFixture,
                 "a client that continues to send after a rejection can read the response") {
    Client client(start());
    client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4000000\r\n\r\n");
    client.send(std::string(4'000'000, 'x'));
    CHECK(client.read().status() == 401);
    client.finish_sending();
    CHECK(client.read_to_end().empty());
}

TEST_CASE_METHOD(ServerFixture, "credentials are checked before a body is sent") {
    key = "unknown";
    const auto port = start();
    Client client(port);
    const std::string publish = head("POST", "/v1/webhooks/events");
    const Answer rejected = client.exchange(publish + "Content-Length: 1000\r\n\r\n");
    CHECK(rejected.status() == 401);
    CHECK(rejected.field("connection") == "close");
    Client expecting(port);
    const std::string fields = "Expect: 100-continue\r\nContent-Length: 1000\r\n\r\n";
    CHECK(expecting.exchange(publish + fields).status() == 401);
    Client bodiless(port);
    const Answer kept = bodiless.exchange(request("GET", "/v1/webhooks/event-types"));
    CHECK(kept.status() == 401);
    CHECK(kept.field("connection") == "keep-alive");
    CHECK(bodiless.exchange(live).status() == 200);
}

TEST_CASE_METHOD(ServerFixture, "a client that never stops sending is disconnected") {
    Client client(start());
    client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999\r\n\r\n");
    const std::string much(1024 * 1024, 'x');
    int sent = 0;
    while (sent < 100 && client.send(much))
        ++sent;
    CHECK(sent < 100);
}
