// Connections: kept, reused, broken, without a response, refused; and how a transport is driven.

#include <condition_variable>
#include <support/catch.hpp>
#include <support/descriptors.hpp>
#include <support/dns_server.hpp>
#include <support/network_namespace.hpp>
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

bool may_make_networks() {
    const bool may = NetworkNamespace::is_permitted();
    if (!may) WARN("skipped: network namespaces take an administrator's rights");
    return may;
}

}  // namespace

TEST_CASE("A connection is kept and reused, one request at a time") {
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

TEST_CASE("A connection is not reused") {
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

TEST_CASE("An idle connection that fails at the next request is replaced within the attempt") {
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

TEST_CASE("Only one new connection is tried, and none after the first byte of the response") {
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

TEST_CASE("An idle connection that its peer closed is not tried") {
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

TEST_CASE("A broken connection is a failure that says where it broke") {
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

TEST_CASE("A refused connection is a failure") {
    const TransportAnswer answer = Driver().send(ClosedPort().url());
    CHECK(answer.kind == Kind::failed);
    CHECK(answer.error == "connection refused");
}

TEST_CASE("One deadline ends the attempt, and no byte extends it") {
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

TEST_CASE("Many attempts run concurrently, and an endpoint that does not respond delays no other") {
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

TEST_CASE("A transport leaves no descriptor behind, whatever was in flight") {
    const std::size_t before = open_descriptors();
    {
        Receiver lively(answer_always(ok));
        Receiver silent([](Peer& peer, int) { peer.wait_for_close(); });
        ClosedPort hanging;
        hanging.hang();
        Driver driver;
        for (const std::string& url : {lively.url(), lively.url(), silent.url(), hanging.url()}) {
            driver.start(request_to(url));
        }
        driver.start(request_to("http://localhost:" + std::to_string(lively.port()) + "/"));
        driver.drive(2);
    }
    CHECK(open_descriptors() == before);
}

TEST_CASE("Without a descriptor nothing is sent, and it does not count against the endpoint") {
    Receiver receiver(answer_always(ok));
    DnsServer names;
    names.set("a.example", {.addresses = {"127.0.0.1"}});
    const std::string host = GENERATE("127.0.0.1", "a.example");
    const std::string url = "http://" + host + ":" + std::to_string(receiver.port()) + "/";
    Driver driver({.name_servers = {names.address()}});
    CHECK(driver.send(ClosedPort().url()).kind == Kind::failed);
    CHECK(driver.send("http://unknown.example/").kind == Kind::failed);
    TransportAnswer answer;
    {
        const NoDescriptors none;
        answer = driver.send(url);
    }
    CHECK(answer.kind == Kind::not_sent);
    CHECK_FALSE(answer.error.empty());
    CHECK(driver.send(url).kind == Kind::answered);
}

TEST_CASE("When descriptors run out, only the connections idle longest are closed") {
    Receiver oldest(answer_always(ok));
    Receiver second(answer_always(ok));
    Receiver third(answer_always(ok));
    const ClosedPort refusing;
    DnsServer names;
    names.set("a.example", {.addresses = {"127.0.0.1"}});
    Driver driver({.name_servers = {names.address()}});
    for (const Receiver* receiver : {&oldest, &second, &third}) {
        REQUIRE(driver.send(receiver->url()).status_code == 200);
    }
    // The lookup of a name needs a descriptor too, and releases it.
    const bool by_name = GENERATE(false, true);
    const std::string host = by_name ? "a.example" : "127.0.0.1";
    {
        const FewDescriptors none(128, 0);
        CHECK(driver.send("http://" + host + ":" + std::to_string(refusing.number()) + "/").error ==
              "connection refused");
        CHECK(driver.send(third.url()).status_code == 200);
    }
    CHECK(connections_to(oldest.port()) == 0);
    CHECK(connections_to(second.port()) == 1);
    CHECK(third.connections() == 1);
}

TEST_CASE("Connections leave descriptors to the rest of the process") {
    const ClosedPort refusing;
    Driver driver;
    CHECK(driver.send(refusing.url()).error == "connection refused");
    TransportAnswer answer;
    {
        const FewDescriptors few(128, 16);
        answer = driver.send(refusing.url());
    }
    CHECK(answer.kind == Kind::not_sent);
    CHECK_THAT(answer.error, Catch::Matchers::ContainsSubstring("ulimit -n"));
    const FewDescriptors some(128, 17);
    CHECK(driver.send(refusing.url()).error == "connection refused");
}

TEST_CASE("An address that this machine cannot reach is the endpoint's failure") {
    if (!may_make_networks()) return;
    const NetworkNamespace machine;
    machine.configure("net.ipv6.conf.all.disable_ipv6", "1");
    const NetworkNamespace::Visit visit(machine);
    Receiver receiver(answer_always(ok));
    DnsServer names;
    names.set("six.example", {.addresses = {"2606:4700::1111", "2606:4700::1001"}});
    names.set("both.example", {.addresses = {"2606:4700::1111", "127.0.0.1"}});
    names.set("far.example", {.addresses = {"8.8.8.8"}});
    Driver driver({.name_servers = {names.address()}});
    const std::string port = ":" + std::to_string(receiver.port()) + "/";
    for (const std::string host : {"six.example", "[::1]", "far.example"}) {
        CAPTURE(host);
        const TransportAnswer answer = driver.send("http://" + host + port);
        CHECK(answer.kind == Kind::failed);
        CHECK(answer.error == "could not connect: Network is unreachable");
    }
    CHECK(driver.send("http://both.example" + port).status_code == 200);
}

TEST_CASE("Without a free port nothing is sent, and other endpoints are not affected") {
    if (!may_make_networks()) return;
    const NetworkNamespace machine;
    const NetworkNamespace::Visit visit(machine);
    Receiver silent([](Peer& peer, int) { peer.wait_for_close(); });
    Receiver lively(answer_always(ok));
    machine.configure("net.ipv4.ip_local_port_range", "40000 40003");
    Driver driver;
    for (int i = 0; i < 4; ++i) {
        driver.start(request_to(silent.url()));
    }
    const TransportAnswer answer = driver.send(silent.url());
    CHECK(answer.kind == Kind::not_sent);
    CHECK_THAT(answer.error, Catch::Matchers::ContainsSubstring("ip_local_port_range"));
    CHECK(driver.send(lively.url()).status_code == 200);
}

TEST_CASE(
    "An idle connection whose lookup has expired is reused only if its address is still valid") {
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

    // Nothing listens there; the refusal shows that a connection was attempted.
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
