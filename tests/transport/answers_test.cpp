// How the transport handles each kind of response.

#include <support/catch.hpp>
#include <tuple>

#include "driver.hpp"
#include "receiver.hpp"

using namespace webhooks;
using namespace webhooks::testing;
using Kind = TransportAnswer::Kind;

namespace {

std::string with_body(const std::string& body, const std::string& headers = "") {
    return "HTTP/1.1 200 OK\r\n" + headers + "content-length: " + std::to_string(body.size()) +
           "\r\n\r\n" + body;
}

TransportAnswer answer_to(const std::string& bytes) {
    Receiver receiver(answer_always(bytes));
    return Driver().send(receiver.url());
}

}  // namespace

TEST_CASE("a response with any final status is a response") {
    struct Row {
        std::string bytes;
        int status;
        std::string body;
        std::string retry_after;
    };
    const auto row = GENERATE(values<Row>({
        {with_body("fine"), 200, "fine", ""},
        {"HTTP/1.1 204 No Content\r\n\r\n", 204, "", ""},
        {"HTTP/1.1 500 Oh\r\ncontent-length: 4\r\n\r\nwhy?", 500, "why?", ""},
        {"HTTP/1.1 410 Gone\r\ncontent-length: 0\r\n\r\n", 410, "", ""},
        {"HTTP/1.1 429 Slow\r\nRetry-After: 120\r\ncontent-length: 0\r\n\r\n", 429, "", "120"},
        {"HTTP/1.1 503 X\r\nretry-after:  Wed, 21 Oct 2026 07:28:00 GMT \r\ncontent-length: "
         "0\r\n\r\n",
         503, "", "Wed, 21 Oct 2026 07:28:00 GMT"},
        {"HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n", 302,
         "", ""},
        {"HTTP/1.1 599 Last\r\ncontent-length: 0\r\n\r\n", 599, "", ""},
        {"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early\r\nlink: x\r\n\r\n" + with_body("late"),
         200, "late", ""},
        {"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n"
         "retry-after: 9\r\n\r\n",
         200, "abcde", ""},
    }));
    CAPTURE(row.bytes);
    const TransportAnswer answer = answer_to(row.bytes);
    CHECK(answer.kind == Kind::answered);
    CHECK(answer.status_code == row.status);
    CHECK(answer.body == row.body);
    CHECK(answer.retry_after == row.retry_after);
    CHECK(answer.error.empty());
}

TEST_CASE("a redirect is not followed") {
    Receiver elsewhere(answer_always(with_body("no")));
    Receiver receiver(answer_always("HTTP/1.1 307 There\r\nlocation: " + elsewhere.url() +
                                    "\r\ncontent-length: 0\r\n\r\n"));
    CHECK(Driver().send(receiver.url()).status_code == 307);
    CHECK(elsewhere.connections() == 0);
}

TEST_CASE("a malformed response is a failure with a reason") {
    struct Row {
        std::string bytes;
        std::string error;
    };
    std::string six_interim;
    for (int i = 0; i < 6; ++i)
        six_interim += "HTTP/1.1 102 Wait\r\n\r\n";
    const auto row = GENERATE_COPY(values<Row>({
        {six_interim + with_body("x"), "more than 5 interim responses"},
        {"HTTP/1.1 101 Switching\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n",
         "malformed response: unexpected protocol switch"},
        {"HTTP/1.1 200 OK\r\nx: " + std::string(64 * 1024, 'a') + "\r\n\r\n",
         "response headers exceed 64 KiB"},
        {"SSH-2.0-OpenSSH_9.2\r\n", "malformed response: not HTTP/1"},
        {"HTTP/2.0 200 OK\r\n\r\n", "malformed response: not HTTP/1"},
        {"HTTP/1.7 200 OK\r\n\r\n", "malformed response: bad version"},
        {"HTTP/1.1 2x0 OK\r\n\r\n", "malformed response: bad status"},
        {"HTTP/1.1 099 OK\r\n\r\n", "malformed response: status out of range"},
        {"HTTP/1.1 600 OK\r\n\r\n", "malformed response: status out of range"},
        {"HTTP/1.1 200 OK\r\nbad header\r\n\r\n", "malformed response: bad field"},
        {"HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n", "malformed response: bad Content-Length"},
    }));
    CAPTURE(row.bytes.substr(0, 80));
    const TransportAnswer answer = answer_to(row.bytes);
    CHECK(answer.kind == Kind::failed);
    CHECK(answer.error == row.error);
    CHECK(answer.status_code == 0);
}

TEST_CASE("headers of exactly the size that the options allow are accepted") {
    const std::string frame = "HTTP/1.1 200 OK\r\ncontent-length: 0\r\nx: \r\n\r\n";
    const auto with_headers = [&](std::size_t size) {
        std::string bytes = frame;
        return bytes.insert(bytes.size() - 4, size - frame.size(), 'a');
    };
    CHECK(answer_to(with_headers(64 * 1024)).status_code == 200);

    Receiver receiver(answer_always(with_headers(2048)));
    Driver narrow({.max_header_bytes = 2047});
    CHECK(narrow.send(receiver.url()).kind == Kind::failed);
    Driver wide({.max_header_bytes = 2048});
    CHECK(wide.send(receiver.url()).status_code == 200);
}

TEST_CASE("a connection with bare line feeds in its response is not reused") {
    Receiver receiver(answer_always("HTTP/1.1 200\ncontent-length: 2\n\nok"));
    Driver driver;
    CHECK(driver.send(receiver.url()).body == "ok");
    CHECK(driver.send(receiver.url()).body == "ok");
    CHECK(receiver.connections() == 2);
}

TEST_CASE(
    "what cannot become a response fails at once, although the peer keeps the connection open") {
    std::string interim;
    for (int i = 0; i < 6; ++i)
        interim += "HTTP/1.1 102 Wait\r\n\r\n";
    const auto bytes = GENERATE_COPY(values<std::string>({
        interim,
        "HTTP/1.1 101 Switching Protocols\r\n",
        "+OK POP3 ready",
        "HTTP/1.1 abc\n",
    }));
    Receiver receiver([&](Peer& peer, int) {
        peer.read_request();
        peer.send(bytes);
        peer.wait_for_close();
    });
    // Longer than a test may take.
    Driver driver({.attempt_timeout = 5min});
    CHECK(driver.send(receiver.url()).kind == Kind::failed);
}

TEST_CASE("a last chunk that arrives byte by byte ends the response") {
    Receiver receiver([&](Peer& peer, int) {
        while (!peer.read_request().empty()) {
            peer.send("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n");
            for (const char* piece : {"0\r\n", "\r", "\n"}) {
                // A client's wait is the only sign that earlier bytes have arrived before more are
                // sent.
                std::ignore = peer.is_closed_within(20ms);
                peer.send(piece);
            }
        }
    });
    Driver driver;
    CHECK(driver.send(receiver.url()).body == "ok");
    CHECK(driver.send(receiver.url()).body == "ok");
    CHECK(receiver.connections() == 1);
}

TEST_CASE("the first 4 KiB of a body are kept, as UTF-8 cut at a code point") {
    // The 4,096th byte is in the middle of a three-byte code point.
    const std::string text = "ab" + std::string(4092, 'x') + "\xE2\x82\xAC" + "rest";
    CHECK(answer_to(with_body(text)).body == "ab" + std::string(4092, 'x'));
    CHECK(answer_to(with_body("a\xFF"
                              "b"))
              .body ==
          "a\xEF\xBF\xBD"
          "b");
}

TEST_CASE("a body beyond 64 KiB is not read, and the response counts") {
    Receiver receiver([](Peer& peer, int) {
        peer.read_request();
        peer.send("HTTP/1.1 200 OK\r\n\r\n");
        while (peer.send(std::string(1024, 'y'))) {
        }
    });
    Driver driver;
    const TransportAnswer answer = driver.send(receiver.url());
    CHECK(answer.kind == Kind::answered);
    CHECK(answer.status_code == 200);
    CHECK(answer.body == std::string(4096, 'y'));
}

TEST_CASE("once headers are complete, the body can no longer fail the attempt") {
    const std::string head = "HTTP/1.1 202 Accepted\r\ncontent-length: 10\r\n\r\nhalf";
    SECTION("closed in the middle") {
        Receiver receiver([&](Peer& peer, int) {
            peer.read_request();
            peer.send(head);
        });
        CHECK(Driver().send(receiver.url()).status_code == 202);
    }
    SECTION("broken chunks") {
        const TransportAnswer answer =
            answer_to("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\nhalf\r\nzzz\r\n");
        CHECK(answer.kind == Kind::answered);
        CHECK(answer.body == "half");
    }
    SECTION("silent") {
        const auto [attempt, body] =
            GENERATE(table<std::chrono::milliseconds, std::chrono::milliseconds>(
                {{200ms, 1s}, {5min, 0ms}}));
        Receiver receiver([&](Peer& peer, int) {
            peer.read_request();
            peer.send(head);
            peer.wait_for_close();
        });
        Driver driver({.attempt_timeout = attempt, .connect_timeout = 200ms, .body_timeout = body});
        const TransportAnswer answer = driver.send(receiver.url());
        CHECK(answer.kind == Kind::answered);
        CHECK(answer.body == "half");
    }
    SECTION("trickling, also without an end") {
        Receiver receiver([&](Peer& peer, int) {
            peer.read_request();
            peer.send("HTTP/1.1 202 Accepted\r\n\r\n");
            while (!peer.is_closed_within(2ms) && peer.send("x")) {
            }
        });
        Driver driver({.attempt_timeout = 5min, .body_timeout = 100ms});
        CHECK(driver.send(receiver.url()).status_code == 202);
    }
}

TEST_CASE("a request's own timeout counts, whether it is shorter or longer than the option") {
    // Timeouts that a busy machine does not use up before the connection is made, and an answer
    // after twice of them.
    Receiver receiver([&](Peer& peer, int) {
        peer.read_request();
        if (peer.is_closed_within(1s)) return;
        peer.send("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
        peer.wait_for_close();
    });
    OutgoingRequest request = request_to(receiver.url());
    SECTION("longer") {
        Driver driver({.attempt_timeout = 500ms, .connect_timeout = 500ms});
        request.timeout = 60s;
        CHECK(driver.send(request).status_code == 200);
        request.timeout = 0ms;
        CHECK(driver.send(request).error == "no response within 500 ms");
    }
    SECTION("shorter") {
        // Longer than a test may take.
        Driver driver({.attempt_timeout = 5min});
        request.timeout = 500ms;
        CHECK(driver.send(request).error == "no response within 500 ms");
    }
    SECTION("at most as long as it may be, unless it has a timeout") {
        Driver driver({.attempt_timeout = 5min});
        request.max_timeout = 500ms;
        CHECK(driver.send(request).error == "no response within 500 ms");
        request.timeout = 60s;
        CHECK(driver.send(request).status_code == 200);
        Driver hasty({.attempt_timeout = 500ms, .connect_timeout = 500ms});
        request.timeout = 0ms;
        request.max_timeout = 60s;
        CHECK(hasty.send(request).error == "no response within 500 ms");
    }
}

TEST_CASE("the request is exactly what was asked for") {
    std::string received;
    {
        Receiver receiver([&](Peer& peer, int) {
            received = peer.read_request();
            peer.send(with_body(""));
        });
        Driver driver({.attempt_timeout = 10s, .user_agent = "Tests/1 (x)"});
        const std::string body = "{\"a\": \"\\u0000\xC3\xA9\"}\n";
        CHECK(driver
                  .send(request_to(receiver.url("/in/%41?q=1&r=%20#part"), body,
                                   {{"X-Own", "a \t b"}, {"authorization", "Bearer t"}}))
                  .status_code == 200);
        CHECK(received ==
              "POST /in/%41?q=1&r=%20 HTTP/1.1\r\n"
              "host: 127.0.0.1:" +
                  std::to_string(receiver.port()) +
                  "\r\n"
                  "user-agent: Tests/1 (x)\r\n"
                  "accept-encoding: identity\r\n"
                  "X-Own: a \t b\r\n"
                  "authorization: Bearer t\r\n"
                  "content-type: application/json\r\n"
                  "webhook-id: msg_1\r\n"
                  "webhook-timestamp: 1700000000\r\n"
                  "webhook-signature: v1,c2lnbmF0dXJl\r\n"
                  "content-length: " +
                  std::to_string(body.size()) +
                  "\r\n"
                  "\r\n" +
                  body);
    }
}

TEST_CASE("a body of megabytes arrives whole") {
    std::string received;
    Receiver receiver([&](Peer& peer, int) {
        received = peer.read_request();
        peer.send(with_body(""));
    });
    const std::string body(5 * 1024 * 1024, 'z');
    CHECK(Driver().send(request_to(receiver.url(), body)).status_code == 200);
    CHECK(received.ends_with("\r\n\r\n" + body));
}

TEST_CASE("a response sent before the whole request was read counts") {
    Receiver receiver([](Peer& peer, int) {
        peer.send("HTTP/1.1 413 Too Large\r\nconnection: close\r\n\r\n");
        peer.finish_sending();
        peer.wait_for_close();
    });
    const std::string body(16 * 1024 * 1024, 'z');
    CHECK(Driver().send(request_to(receiver.url(), body)).status_code == 413);
}

TEST_CASE("text that would change the request around it is never written") {
    Receiver receiver(answer_always(with_body("")));
    Driver driver;
    const auto faults = GENERATE(values<std::function<void(OutgoingRequest&)>>({
        [](OutgoingRequest& r) { r.content_type = "a\r\nx: y"; },
        [](OutgoingRequest& r) { r.webhook_id = "a\nb"; },
        [](OutgoingRequest& r) { r.webhook_signature = ""; },
    }));
    OutgoingRequest request = request_to(receiver.url());
    faults(request);
    CHECK(driver.send(request).kind == Kind::failed);
    CHECK(driver.send(request_to(receiver.url(), "{}", {{"Host", "other"}})).kind == Kind::failed);
    CHECK(driver.send(request_to(receiver.url(), "{}", {{"x", "a\r\nb: c"}})).kind == Kind::failed);
    CHECK(receiver.connections() == 0);
}
