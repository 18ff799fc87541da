// What the machine lacks: descriptors, ports, a way to an address.

#include <support/catch.hpp>
#include <support/descriptors.hpp>
#include <support/dns_server.hpp>
#include <support/network_namespace.hpp>

#include "closed_port.hpp"
#include "driver.hpp"
#include "receiver.hpp"

using namespace webhooks;
using namespace webhooks::testing;
using Kind = TransportAnswer::Kind;

namespace {

bool may_make_networks() {
    const bool may = NetworkNamespace::is_permitted();
    if (!may) WARN("skipped: network namespaces take an administrator's rights");
    return may;
}

}  // namespace

TEST_CASE("a transport leaves no descriptor behind, whatever was in flight") {
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

TEST_CASE("a transport that finds too few descriptors is not made, and keeps none") {
    REQUIRE(make_http_transport());
    const std::size_t before = open_descriptors();
    int failures = 0;
    for (std::size_t free = 0; free < 4; ++free) {
        const FewDescriptors few(128, free);
        for (int i = 0; i < 5; ++i) {
            const auto made = make_http_transport();
            if (made) continue;
            ++failures;
            CHECK(made.error() == Errc::unavailable);
            CHECK_THAT(made.error().detail(), Catch::Matchers::ContainsSubstring("ulimit -n"));
        }
    }
    CHECK(failures >= 5);
    CHECK(open_descriptors() == before);
}

TEST_CASE("without a descriptor nothing is sent, and it does not count against the endpoint") {
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

TEST_CASE("when descriptors run out, only the connections idle longest are closed") {
    Receiver oldest(answer_always(ok));
    Receiver second(answer_always(ok));
    Receiver third(answer_always(ok));
    const ClosedPort closed;
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
        CHECK(driver.send("http://" + host + ":" + std::to_string(closed.number()) + "/").error ==
              "connection refused");
        CHECK(driver.send(third.url()).status_code == 200);
    }
    CHECK(connections_to(oldest.port()) == 0);
    CHECK(connections_to(second.port()) == 1);
    CHECK(third.connections() == 1);
}

TEST_CASE("connections leave descriptors to the rest of the process") {
    const ClosedPort closed;
    Driver driver;
    CHECK(driver.send(closed.url()).error == "connection refused");
    TransportAnswer answer;
    {
        const FewDescriptors few(128, 16);
        answer = driver.send(closed.url());
    }
    CHECK(answer.kind == Kind::not_sent);
    CHECK_THAT(answer.error, Catch::Matchers::ContainsSubstring("ulimit -n"));
    const FewDescriptors some(128, 17);
    CHECK(driver.send(closed.url()).error == "connection refused");
}

TEST_CASE("an address that this machine cannot reach is the endpoint's failure") {
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

TEST_CASE("without a free port nothing is sent, and other endpoints are not affected") {
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
