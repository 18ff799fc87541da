// Which addresses are dialled. The table of ranges is tested with lib/endpoint; here it matters
// that each address, literal or looked up, is judged before anything is sent to it.

#include <support/catch.hpp>

#include "driver.hpp"
#include "receiver.hpp"

using namespace webhooks;
using namespace webhooks::testing;
using Kind = TransportAnswer::Kind;

TEST_CASE("An address that the policy refuses is not dialled") {
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
    CHECK(answer.error == "address not allowed");
    CHECK(receiver.connections() == 0);
}

TEST_CASE("A name is looked up and its address judged") {
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

TEST_CASE("A name that does not exist is a failure") {
    // RFC 6761: no name below "invalid" ever exists, whether or not there is a name server.
    const TransportAnswer answer = Driver().send("http://no-such-host.invalid/");
    CHECK(answer.kind == Kind::failed);
    CHECK_THAT(answer.error, Catch::Matchers::StartsWith("could not resolve host"));
}
