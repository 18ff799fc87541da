// Connections: kept, reused, broken, without a response, refused; and how a transport is driven.

#include <condition_variable>
#include <support/catch.hpp>
#include <support/descriptors.hpp>
#include <support/dns_server.hpp>
#include <thread>

#include "closed_port.hpp"
#include "driver.hpp"
#include "receiver.hpp"

using namespace webhooks;
using namespace webhooks::testing;
using Kind = TransportAnswer::Kind;

namespace {

/// For the deadline tests: as short as the options allow.
const HttpTransportOptions hasty{.attempt_timeout = 200ms, .connect_timeout = 100ms};

}  // namespace

TEST_CASE("a connection is kept and reused, one request at a time") {
    Receiver receiver(answer_always(ok));
    Driver driver;
    for (int i = 0; i < 20; ++i) {
        REQUIRE(driver.send(receiver.url()).status_code == 200);
    }
    CHECK(receiver.connections() == 1);

    for (int i = 0; i < 5; ++i)
        driver.start(request_to(receiver.url()));
    driver.drive(25);
    CHECK(receiver.connections() == 5);
}

TEST_CASE("a connection is not reused") {
    SECTION("if the response says so") {
        Receiver receiver(
            answer_always("HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"));
        Driver driver;
        driver.send(receiver.url());
        driver.send(receiver.url());
        CHECK(receiver.connections() == 2);
    }
    SECTION("if the response is HTTP/1.0") {
        Receiver receiver(answer_always("HTTP/1.0 200 OK\r\ncontent-length: 0\r\n\r\n"));
        Driver driver;
        driver.send(receiver.url());
        driver.send(receiver.url());
        CHECK(receiver.connections() == 2);
    }
    SECTION("if bytes were left over after the response") {
        Receiver receiver(answer_always(std::string(ok) + "HTTP/1.1 500 Smuggled\r\n\r\n"));
        Driver driver;
        CHECK(driver.send(receiver.url()).status_code == 200);
        CHECK(driver.send(receiver.url()).status_code == 200);
        CHECK(receiver.connections() == 2);
    }
    SECTION("if idle connections are not kept") {
        Receiver receiver(answer_always(ok));
        Driver driver({.keep_alive = 0ms});
        driver.send(receiver.url());
        driver.send(receiver.url());
        CHECK(receiver.connections() == 2);
    }
    SECTION("by requests with another policy") {
        Receiver receiver(answer_always(ok));
        Driver driver;
        driver.send(receiver.url());
        driver.send(request_to(receiver.url(), "{}", {},
                               std::make_shared<const EndpointPolicy>(*loopback_policy())));
        CHECK(receiver.connections() == 2);
    }
}

TEST_CASE("an idle connection that fails at the next request is replaced within the attempt") {
    const auto dies_with_reset = GENERATE(false, true);
    Receiver receiver([&](Peer& peer, int connection) {
        peer.read_request();
        peer.send(ok);
        if (connection > 0) return;
        peer.read_request();
        if (dies_with_reset) peer.reset();
    });
    Driver driver;
    CHECK(driver.send(receiver.url()).status_code == 200);
    CHECK(driver.send(receiver.url()).status_code == 200);
    CHECK(receiver.connections() == 2);
}

TEST_CASE("only one new connection is tried, and none after the first byte of the response") {
    SECTION("the new one fails too") {
        Receiver receiver([](Peer& peer, int connection) {
            peer.read_request();
            if (connection == 0) peer.send(ok);
            if (connection == 0) peer.read_request();
        });
        Driver driver;
        driver.send(receiver.url());
        CHECK(driver.send(receiver.url()).error == "connection closed before a response");
        CHECK(receiver.connections() == 2);
    }
    SECTION("the response had begun") {
        Receiver receiver([](Peer& peer, int) {
            peer.read_request();
            peer.send(ok);
            peer.read_request();
            peer.send("HTTP/1.1 200");
        });
        Driver driver;
        driver.send(receiver.url());
        const TransportAnswer answer = driver.send(receiver.url());
        CHECK(answer.error == "connection closed within the response headers");
        CHECK(receiver.connections() == 1);
    }
}

TEST_CASE("an idle connection that its peer closed is not tried") {
    std::mutex mutex;
    std::condition_variable changed;
    bool may_close = false;
    Receiver receiver([&](Peer& peer, int) {
        peer.read_request();
        peer.send(ok);
        std::unique_lock lock(mutex);
        changed.wait_for(lock, 10s, [&] { return may_close; });
    });
    Driver driver;
    CHECK(driver.send(receiver.url()).status_code == 200);
    CHECK(connections_to(receiver.port()) == 1);
    {
        const std::scoped_lock lock(mutex);
        may_close = true;
    }
    changed.notify_all();
    // While driven with nothing to do, the transport notices and closes it.
    const SteadyTime patience = SteadyTime::clock::now() + 10s;
    while (connections_to(receiver.port()) > 0 && SteadyTime::clock::now() < patience) {
        driver.run(SteadyTime::clock::now() + 100ms);
    }
    CHECK(connections_to(receiver.port()) == 0);
}

TEST_CASE("a broken connection is a failure that says where it broke") {
    struct Row {
        std::function<void(Peer&)> script;
        std::string error;
    };
    const auto row = GENERATE(values<Row>({
        {[](Peer& peer) { peer.read_request(); }, "connection closed before a response"},
        {[](Peer& peer) {
             peer.read_request();
             peer.reset();
         },
         "connection reset before a response"},
        {[](Peer& peer) {
             peer.read_request();
             peer.send("HTTP/1.1 200 OK\r\nx: y");
         },
         "connection closed within the response headers"},
        {[](Peer& peer) {
             peer.read_request();
             peer.send("HTTP/1.1 100 Continue\r\n\r\n");
         },
         "connection closed within the response headers"},
    }));
    Receiver receiver([&](Peer& peer, int) { row.script(peer); });
    const TransportAnswer answer = Driver().send(receiver.url());
    CHECK(answer.kind == Kind::failed);
    CHECK(answer.error == row.error);
    CHECK(receiver.connections() == 1);
}

TEST_CASE("a refused connection is a failure") {
    const TransportAnswer answer = Driver().send(ClosedPort().url());
    CHECK(answer.kind == Kind::failed);
    CHECK(answer.error == "connection refused");
}

TEST_CASE("one deadline ends the attempt, and no byte extends it") {
    const auto began = SteadyTime::clock::now();
    SECTION("silence") {
        Receiver receiver([](Peer& peer, int) { peer.wait_for_close(); });
        CHECK(Driver(hasty).send(receiver.url()).error == "no response within 200 ms");
    }
    SECTION("a header that trickles") {
        Receiver receiver([](Peer& peer, int) {
            peer.read_request();
            peer.send("HTTP/1.1 200 OK\r\nx: ");
            while (!peer.is_closed_within(2ms) && peer.send("x")) {
            }
        });
        CHECK(Driver(hasty).send(receiver.url()).error == "no response within 200 ms");
    }
    SECTION("a connection that hangs") {
        ClosedPort port;
        port.hang();
        const TransportAnswer answer = Driver(hasty).send(port.url());
        CHECK(answer.kind == Kind::failed);
        CHECK(answer.error == "connection timed out");
    }
    const auto took = SteadyTime::clock::now() - began;
    CHECK(took >= 100ms);
    CHECK(took < 2s);
}

TEST_CASE("many attempts run concurrently, and an endpoint that does not respond delays no other") {
    Receiver silent([](Peer& peer, int) { peer.wait_for_close(); });
    Receiver lively(answer_always(ok));
    Driver driver({.attempt_timeout = 5s});
    const auto began = SteadyTime::clock::now();
    const auto stuck = driver.start(request_to(silent.url()));
    for (int i = 0; i < 100; ++i)
        driver.start(request_to(lively.url()));
    driver.drive(100);
    CHECK(SteadyTime::clock::now() - began < 4s);
    CHECK_FALSE(driver.answers().contains(stuck));
}

TEST_CASE("run returns at its time, and at once after wake") {
    Driver driver;
    const auto began = SteadyTime::clock::now();
    driver.run(began);
    driver.run(began + 60ms);
    CHECK(SteadyTime::clock::now() >= began + 60ms);

    driver.transport().wake();
    driver.run(began + 1h);
    std::thread other([&] { driver.transport().wake(); });
    driver.run(began + 1h);
    other.join();
    CHECK(SteadyTime::clock::now() < began + 10s);
}

TEST_CASE("cancel_all ends what is in flight, answered by the next run") {
    Receiver receiver([](Peer& peer, int connection) {
        peer.read_request();
        if (connection == 0) peer.send(ok);
        peer.wait_for_close();
    });
    Driver driver;
    const auto answered = driver.send(receiver.url());
    CHECK(answered.status_code == 200);
    driver.transport().cancel_all();
    driver.start(request_to(receiver.url()));
    const SteadyTime patience = SteadyTime::clock::now() + 10s;
    while (connections_to(receiver.port()) == 0 && SteadyTime::clock::now() < patience) {
        driver.run(SteadyTime::clock::now());
    }
    CHECK(connections_to(receiver.port()) == 1);
    driver.start(request_to(receiver.url()));  // Not even started.
    driver.transport().cancel_all();
    CHECK(driver.answers().size() == 1);
    driver.run(SteadyTime::clock::now());
    REQUIRE(driver.answers().size() == 3);
    CHECK(driver.answers().at(2).kind == Kind::not_sent);
    CHECK(driver.answers().at(3).kind == Kind::not_sent);
    CHECK_FALSE(driver.answers().at(3).error.empty());
    CHECK(connections_to(receiver.port()) == 0);
}

TEST_CASE(
    "an idle connection whose lookup has expired is reused only if its address is still valid") {
    Receiver receiver(answer_always(ok));
    DnsServer names;
    names.set("moving.example", {.addresses = {"127.0.0.1"}, .ttl = 1});
    Driver driver({.name_servers = {names.address()}});
    const std::string url = "http://moving.example:" + std::to_string(receiver.port()) + "/";
    const SteadyTime patience = SteadyTime::clock::now() + 10s;
    const auto send_until_asked = [&](int times) {
        while (names.asked("moving.example") < times && SteadyTime::clock::now() < patience) {
            CHECK(driver.send(url).status_code == 200);
        }
    };
    send_until_asked(3);
    CHECK(receiver.connections() == 1);

    // Nothing listens there; the failure shows that a connection was attempted.
    names.set("moving.example", {.addresses = {"127.0.0.2"}, .ttl = 1});
    TransportAnswer answer = driver.send(url);
    while (answer.status_code == 200 && SteadyTime::clock::now() < patience) {
        answer = driver.send(url);
    }
    CHECK(answer.error == "connection refused");
    CHECK(connections_to(receiver.port()) == 0);

    names.set("moving.example", {.addresses = {"127.0.0.2", "10.0.0.1"}, .ttl = 1});
    while (answer.error == "connection refused" && SteadyTime::clock::now() < patience) {
        answer = driver.send(url);
    }
    CHECK(answer.error.starts_with("address not allowed: "));
}
