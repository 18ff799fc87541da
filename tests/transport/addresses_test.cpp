// Which addresses are connected to. The table of ranges is tested with lib/endpoint; these tests
// check that each address, literal or looked up, is checked before anything is sent to it.

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

TEST_CASE("an address that the policy rejects is not connected to") {
    Receiver receiver(answer_always("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"));
    const std::string port = std::to_string(receiver.port());
    const auto url = GENERATE_COPY(values<std::string>({
        "http://127.0.0.1:" + port + "/",
        "http://localhost:" + port + "/",
        "http://[::1]:" + port + "/",
        "http://169.254.169.254/latest/meta-data",
        "https://10.0.0.1/",
    }));
    const auto policy = GENERATE(values<std::shared_ptr<const EndpointPolicy>>({
        nullptr,
        std::make_shared<const EndpointPolicy>(),
        std::make_shared<const EndpointPolicy>(EndpointPolicy{.allowed_hosts = {"localhost"}}),
    }));
    CAPTURE(url);
    const TransportAnswer answer = Driver().send(request_to(url, "{}", {}, policy));
    CHECK(answer.kind == Kind::failed);
    CHECK(answer.error.starts_with("address not allowed: "));
    CHECK(receiver.connections() == 0);
}

TEST_CASE("a name is looked up and its address is checked") {
    Receiver receiver(answer_always("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"));
    Driver driver;
    const std::string url = "http://localhost:" + std::to_string(receiver.port()) + "/";
    for (int i = 0; i < 3; ++i)
        driver.start(request_to(url));
    driver.drive(3);
    for (const auto& [token, answer] : driver.answers()) {
        CHECK(answer.status_code == 200);
    }
}

TEST_CASE("a name that does not exist is a failure") {
    // RFC 6761: no name below "invalid" ever exists, with or without a name server.
    const TransportAnswer answer = Driver().send("http://no-such-host.invalid/");
    CHECK(answer.kind == Kind::failed);
    CHECK_THAT(answer.error, Catch::Matchers::StartsWith("could not resolve host"));
}

TEST_CASE("the result of a lookup decides the attempt") {
    struct Row {
        std::vector<std::string> addresses;
        std::string error;
    };
    using Texts = std::vector<std::string>;
    static const std::string rejected = check_address(IpAddress(), {}).error().detail();
    const auto row = GENERATE(values<Row>({
        {Texts{}, "could not resolve host"},
        // The failure shows that a connection was attempted.
        {Texts{"127.0.0.1"}, "connection refused"},
        {Texts{"127.0.0.1", "127.0.0.2"}, "connection refused"},
        {Texts{"127.0.0.1", "10.0.0.1"}, rejected},
        {Texts{"169.254.169.254", "127.0.0.1"}, rejected},
        {Texts{"::ffff:10.0.0.1"}, rejected},
        {Texts{"127.0.0.1", "fe80::1"}, rejected},
    }));
    const ClosedPort port;
    DnsServer names;
    names.set("a.example", {.addresses = row.addresses});
    Driver driver({.name_servers = {names.address()}});
    const std::string url = "http://a.example:" + std::to_string(port.number()) + "/";
    // The second time the cached result is checked.
    for (int i = 0; i < 2; ++i) {
        const TransportAnswer answer = driver.send(url);
        CHECK(answer.kind == Kind::failed);
        CHECK(answer.error == row.error);
    }
    CHECK(names.asked("a.example") == 1);
}

TEST_CASE(
    "a host with more than a hundred addresses is delivered to, unless one of them is rejected") {
    Receiver receiver(answer_always("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"));
    DnsServer names;
    DnsServer::Name many{.manner = DnsServer::Manner::too_long};
    for (int i = 0; i < 150; ++i) {
        many.addresses.push_back("127.0.0." + std::to_string(i + 1));
    }
    names.set("many.example", many);
    // The name's first address is the receiver's own.
    Driver driver({.name_servers = {names.address()}});
    const std::string port = ":" + std::to_string(receiver.port()) + "/";
    const auto allowing = std::make_shared<const EndpointPolicy>(
        EndpointPolicy{.allowed_networks = {Network::parse("127.0.0.0/8").value()}});
    CHECK(driver.send(request_to("http://many.example" + port, "{}", {}, allowing)).status_code ==
          200);
    many.addresses.resize(50);
    many.addresses.insert(many.addresses.begin(), "10.0.0.1");
    names.set("early.example", many);
    CHECK(driver.send("http://early.example" + port).error.starts_with("address not allowed: "));
}

TEST_CASE("one policy may reject what another allows, although the name is looked up once") {
    Receiver receiver(answer_always("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"));
    DnsServer names;
    names.set("a.example", {.addresses = {"127.0.0.1"}});
    Driver driver({.name_servers = {names.address()}});
    const std::string url = "http://a.example:" + std::to_string(receiver.port()) + "/";
    CHECK(driver.send(url).status_code == 200);
    CHECK(
        driver.send(request_to(url, "{}", {}, nullptr)).error.starts_with("address not allowed: "));
    CHECK(names.asked("a.example") == 1);
}

TEST_CASE("names whose lookup hangs do not delay others, and fail in time") {
    const std::size_t before = open_descriptors();
    {
        Receiver receiver(answer_always("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"));
        DnsServer names;
        names.set("good.example", {.addresses = {"127.0.0.1"}});
        Driver driver({.name_servers = {names.address()}});
        Driver hasty({.connect_timeout = 100ms, .name_servers = {names.address()}});
        for (int i = 0; i < 50; ++i) {
            const std::string host = "hanging" + std::to_string(i) + ".example";
            names.set(host, {.manner = DnsServer::Manner::silent});
            driver.start(request_to("http://" + host + "/"));
        }
        const auto began = SteadyTime::clock::now();
        const std::string good = "http://good.example:" + std::to_string(receiver.port()) + "/";
        CHECK(driver.send(good).status_code == 200);
        CHECK(driver.answers().size() == 1);

        const TransportAnswer late = hasty.send("http://hanging0.example/");
        CHECK(late.kind == Kind::failed);
        CHECK(late.error == "could not resolve host: timed out");
        CHECK(SteadyTime::clock::now() - began < 5s);
        // Nothing waits for the lookup any more, but it continues to its end.
        const int asked = names.asked("hanging0.example");
        while (names.asked("hanging0.example") == asked) {
            hasty.run(SteadyTime::clock::now() + 10ms);
        }
    }
    CHECK(open_descriptors() == before);
}
