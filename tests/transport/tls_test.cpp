// HTTPS: the same attempts over TLS, and what is rejected before a byte of a request is sent.

#include <algorithm>
#include <atomic>
#include <support/catch.hpp>
#include <support/certificates.hpp>
#include <thread>
#include <tuple>

#include "driver.hpp"
#include "receiver.hpp"

using namespace webhooks;
using namespace webhooks::testing;
using Kind = TransportAnswer::Kind;

namespace {

HttpTransportOptions trusting(const ThrowawayAuthority& authority) {
    return {.attempt_timeout = 10s, .ca_file = authority.file()};
}

std::string named_url(const Receiver& receiver) {
    return "https://localhost:" + std::to_string(receiver.port()) + "/";
}

/// Stops servers before they send their certificates.
struct Gate {
    std::atomic<int> arrived = 0;
    std::atomic<int> finished = 0;  ///< Servers that have sent their part of the handshake.
    std::atomic<bool> is_open = false;

    void open() {
        is_open = true;
        is_open.notify_all();
    }

    static int pass(SSL*, void* argument) {
        Gate& gate = *static_cast<Gate*>(argument);
        ++gate.arrived;
        gate.is_open.wait(false);
        return 1;
    }

    static void note(int is_sent, int, int type, const void* bytes, std::size_t size, SSL*,
                     void* argument) {
        if (is_sent == 0 || type != SSL3_RT_HANDSHAKE || size == 0) return;
        if (*static_cast<const unsigned char*>(bytes) == SSL3_MT_FINISHED) {
            ++static_cast<Gate*>(argument)->finished;
        }
    }
};

/// @return whether the condition became true in time
template <class Condition>
bool eventually(Condition condition, std::chrono::milliseconds patience = 20s) {
    const SteadyTime end = SteadyTime::clock::now() + patience;
    while (!condition()) {
        if (SteadyTime::clock::now() > end) return false;
        std::this_thread::sleep_for(1ms);
    }
    return true;
}

}  // namespace

TEST_CASE("HTTPS with a valid certificate, for a name and for an address") {
    const ThrowawayAuthority authority;
    const ServerContext server = authority.server("DNS:localhost,IP:127.0.0.1");
    const auto version = GENERATE(TLS1_2_VERSION, TLS1_3_VERSION);
    SSL_CTX_set_min_proto_version(server.get(), version);
    SSL_CTX_set_max_proto_version(server.get(), version);
    std::string received;
    Receiver receiver(
        [&](Peer& peer, int) {
            while (!(received = peer.read_request()).empty() && peer.send(ok)) {
            }
        },
        server.get());
    Driver driver(trusting(authority));
    CHECK(driver.send(named_url(receiver)).status_code == 200);
    CHECK(driver.send(receiver.url()).body == "ok");
    CHECK(receiver.connections() == 2);

    // The same connections again, and a body of many records.
    for (int i = 0; i < 10; ++i)
        CHECK(driver.send(named_url(receiver)).status_code == 200);
    CHECK(driver.send(request_to(receiver.url(), std::string(3'000'000, 'b'))).body == "ok");
    CHECK(receiver.connections() == 2);
}

TEST_CASE("an invalid certificate is rejected, and nothing is sent") {
    struct Row {
        std::string names;
        int days_left;
        bool is_trusted;
        bool by_name;
        std::string error;
    };
    const auto row = GENERATE(values<Row>({
        {"DNS:other.example", 1, true, true, "certificate verify failed: hostname mismatch"},
        {"IP:127.0.0.1", 1, true, true, "certificate verify failed: hostname mismatch"},
        {"DNS:localhost", 1, true, false, "certificate verify failed: IP address mismatch"},
        {"DNS:localhost", -1, true, true, "certificate verify failed: certificate has expired"},
        {"DNS:localhost", 1, false, true,
         "certificate verify failed: unable to get local issuer certificate"},
    }));
    CAPTURE(row.error);
    const ThrowawayAuthority authority;
    const ThrowawayAuthority stranger;
    const ServerContext server = authority.server(row.names, row.days_left);
    std::string received;
    {
        Receiver receiver([&](Peer& peer, int) { received = peer.read_request(); }, server.get());
        Driver driver(trusting(row.is_trusted ? authority : stranger));
        const TransportAnswer answer =
            driver.send(row.by_name ? named_url(receiver) : receiver.url());
        CHECK(answer.kind == Kind::failed);
        CHECK(answer.error == row.error);
    }
    CHECK(received.empty());
}

TEST_CASE("a certificate is verified only by its alternative names") {
    const ThrowawayAuthority authority;
    const auto [names, error] = GENERATE(table<std::string, std::string>({
        {"", "certificate verify failed: hostname mismatch"},
        {"DNS:localhost", ""},
    }));
    const ServerContext server = authority.rsa_server("localhost", names);
    Receiver receiver(answer_always(ok), server.get());
    CHECK(Driver(trusting(authority)).send(named_url(receiver)).error == error);
}

TEST_CASE("a key exchange by the server's static RSA key is not offered") {
    const ThrowawayAuthority authority;
    const ServerContext server = authority.rsa_server("x", "DNS:localhost");
    SSL_CTX_set_max_proto_version(server.get(), TLS1_2_VERSION);
    const auto [ciphers, is_offered] = GENERATE(
        table<const char*, bool>({{"kRSA", false}, {"ECDHE-RSA-AES128-GCM-SHA256", true}}));
    REQUIRE(SSL_CTX_set_cipher_list(server.get(), ciphers) == 1);
    Receiver receiver(answer_always(ok), server.get());
    const TransportAnswer answer = Driver(trusting(authority)).send(named_url(receiver));
    CHECK((answer.kind == Kind::answered) == is_offered);
}

TEST_CASE("a TLS session is resumed by the next connection, and not by other hosts") {
    const ThrowawayAuthority authority;
    const ServerContext server = authority.server("DNS:localhost,IP:127.0.0.1");
    const auto version = GENERATE(TLS1_2_VERSION, TLS1_3_VERSION);
    SSL_CTX_set_min_proto_version(server.get(), version);
    SSL_CTX_set_max_proto_version(server.get(), version);
    std::vector<bool> resumed;
    {
        Receiver receiver(
            [&](Peer& peer, int) {
                peer.read_request();
                resumed.push_back(peer.is_resumed());
                peer.send("HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 0\r\n\r\n");
            },
            server.get());
        Driver driver(trusting(authority));
        CHECK(driver.send(named_url(receiver)).status_code == 200);
        CHECK(driver.send(named_url(receiver)).status_code == 200);
        CHECK(driver.send(receiver.url()).status_code == 200);
        // A server that has forgotten its keys: a full handshake, and no failure.
        std::string keys(80, 'k');
        REQUIRE(SSL_CTX_set_tlsext_ticket_keys(server.get(), keys.data(), keys.size()) == 1);
        CHECK(driver.send(named_url(receiver)).status_code == 200);
        CHECK(driver.send(named_url(receiver)).status_code == 200);
    }
    CHECK(resumed == std::vector<bool>{false, true, false, false, true});
}

TEST_CASE("a response on an established connection does not wait for many TLS handshakes") {
    constexpr int storm = 64;
    const ThrowawayAuthority authority;
    Gate gate;
    const ServerContext server = authority.server("IP:127.0.0.1");
    SSL_CTX_set_cert_cb(server.get(), &Gate::pass, &gate);
    SSL_CTX_set_msg_callback(server.get(), &Gate::note);
    SSL_CTX_set_msg_callback_arg(server.get(), &gate);
    std::atomic<int> completed = 0;
    Receiver stormy(
        [&](Peer& peer, int) {
            ++completed;
            peer.wait_for_close();
        },
        server.get());
    std::atomic<int> requests = 0;
    std::atomic<int> responses = 0;
    Receiver kept([&](Peer& peer, int) {
        while (!peer.read_request().empty()) {
            if (++requests == 2) eventually([&] { return gate.finished == storm; });
            if (!peer.send(ok)) return;
            ++responses;
        }
    });
    HttpTransportOptions options = trusting(authority);
    options.connect_timeout = 10s;
    Driver driver(options);
    CHECK(driver.send(kept.url()).status_code == 200);

    for (int i = 0; i < storm; ++i)
        driver.start(request_to("https://127.0.0.1:" + std::to_string(stormy.port()) + "/"));
    REQUIRE(driver.drive_until([&] { return gate.arrived == storm; }));
    const Transport::Token token = driver.start(request_to(kept.url()));
    REQUIRE(driver.drive_until([&] { return requests == 2; }));
    gate.open();
    // The transport runs only once all certificates can be verified and the response can be read.
    REQUIRE(eventually([&] { return responses == 2; }));
    REQUIRE(driver.drive_until([&] { return driver.answers().contains(token); }));
    // Handshakes that are complete now were completed before the response.
    CHECK_FALSE(eventually([&] { return completed > storm / 4; }, 300ms));
    CHECK(kept.connections() == 1);
}

TEST_CASE("TLS older than 1.2 is rejected") {
    const ThrowawayAuthority authority;
    const ServerContext server = authority.server("DNS:localhost");
    SSL_CTX_set_security_level(server.get(), 0);
    SSL_CTX_set_min_proto_version(server.get(), TLS1_VERSION);
    SSL_CTX_set_max_proto_version(server.get(), TLS1_1_VERSION);
    Receiver receiver(answer_always(ok), server.get());
    const TransportAnswer answer = Driver(trusting(authority)).send(named_url(receiver));
    CHECK(answer.kind == Kind::failed);
    CHECK_THAT(answer.error, Catch::Matchers::StartsWith("TLS failed: "));
}

TEST_CASE("a peer that breaks off or stalls in the handshake is a failure that says so") {
    SECTION("no TLS at all") {
        Receiver receiver([](Peer& peer, int) {
            peer.send("HTTP/1.1 400 Bad Request\r\n\r\n");
            peer.wait_for_close();
        });
        CHECK(Driver().send(named_url(receiver)).error == "TLS failed: wrong version number");
    }
    SECTION("closed") {
        Receiver receiver([](Peer& peer, int) {
            std::ignore = peer.is_closed_within(5s);  // The first bytes of the handshake.
            peer.finish_sending();
            peer.wait_for_close();
        });
        CHECK(Driver().send(named_url(receiver)).error == "connection closed in the TLS handshake");
    }
    SECTION("reset") {
        Receiver receiver([](Peer& peer, int) {
            std::ignore = peer.is_closed_within(5s);
            peer.reset();
        });
        CHECK(Driver().send(named_url(receiver)).error == "connection reset in the TLS handshake");
    }
    SECTION("silent") {
        Receiver receiver([](Peer& peer, int) { peer.wait_for_close(); });
        Driver driver({.attempt_timeout = 10s, .connect_timeout = 100ms});
        CHECK(driver.send(named_url(receiver)).error == "TLS handshake timed out");
    }
}

TEST_CASE(
    "over TLS an idle connection that failed is replaced, and a truncated response is a response") {
    const ThrowawayAuthority authority;
    const ServerContext server = authority.server("DNS:localhost");
    Receiver receiver(
        [](Peer& peer, int connection) {
            peer.read_request();
            peer.send(connection == 0 ? ok : "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\ncut");
            if (connection == 0) peer.read_request();
            if (connection == 0) peer.reset();
        },
        server.get());
    Driver driver(trusting(authority));
    CHECK(driver.send(named_url(receiver)).body == "ok");
    CHECK(driver.send(named_url(receiver)).body == "cut");
    CHECK(receiver.connections() == 2);
}

TEST_CASE("options out of range, and authorities that cannot be read, are rejected") {
    struct Row {
        HttpTransportOptions options;
        std::string field;
    };
    const auto row = GENERATE(values<Row>({
        {{.attempt_timeout = 99ms}, "attempt_timeout"},
        {{.attempt_timeout = 301s}, "attempt_timeout"},
        {{.connect_timeout = 99ms}, "connect_timeout"},
        {{.attempt_timeout = 1s, .connect_timeout = 2s}, "connect_timeout"},
        {{.body_timeout = -1ms}, "body_timeout"},
        {{.max_header_bytes = 1023}, "max_header_bytes"},
        {{.max_header_bytes = 1024 * 1024 + 1}, "max_header_bytes"},
        {{.keep_alive = -1ms}, "keep_alive"},
        {{.max_idle_connections = 100'001}, "max_idle_connections"},
        {{.delivery_threads = 0}, "delivery_threads"},
        {{.delivery_threads = 65}, "delivery_threads"},
        {{.ca_file = "/no/such/file.pem"}, "ca_file"},
        {{.user_agent = "a\r\nb"}, "user_agent"},
        {{.user_agent = " "}, "user_agent"},
        {{.user_agent = "a "}, "user_agent"},
        {{.name_servers = {"127.0.0.1:53", "ns.example"}}, "name_servers"},
        {{.name_servers = std::vector<std::string>(9, "127.0.0.1")}, "name_servers"},
        {{.user_agent = std::string(257, 'a')}, "user_agent"},
    }));
    const auto made = make_http_transport(row.options);
    REQUIRE(made.has_error());
    CHECK(made.error() == Errc::invalid_argument);
    const auto& fields = made.error().fields();
    CHECK(std::any_of(fields.begin(), fields.end(), [&](const FieldError& field_error) {
        return field_error.field == row.field;
    }));
}
