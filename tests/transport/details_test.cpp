// What the transport tells of an attempt that failed.

#include <support/catch.hpp>

#include "closed_port.hpp"
#include "driver.hpp"
#include "receiver.hpp"

using namespace webhooks;
using namespace webhooks::testing;

namespace {

AttemptDetails details_of(const TransportAnswer& answer) {
    REQUIRE(answer.details);
    return *answer.details;
}

std::string failing(const std::string& headers) {
    return "HTTP/1.1 500 Oh\r\n" + headers + "content-length: 2\r\n\r\nno";
}

}  // namespace

TEST_CASE("a failed attempt keeps some headers of the response, the address and its phases") {
    Receiver receiver(
        answer_always(failing("Server: nginx\r\nX-Secret: 1\r\nVIA:  a \r\n"
                              "via: b\r\nDate: \xFF\r\nset-cookie: c\r\n")));
    Driver driver;
    const AttemptDetails first = details_of(driver.send(receiver.url()));
    CHECK(first.response_headers == Headers{{"server", "nginx"},
                                            {"via", "a, b"},
                                            {"date", "\xEF\xBF\xBD"},
                                            {"content-length", "2"}});
    CHECK(first.address == "127.0.0.1");
    CHECK(first.connect);
    CHECK(first.first_byte);
    CHECK_FALSE(first.tls);
    // The second request uses the same connection.
    const AttemptDetails second = details_of(driver.send(receiver.url()));
    REQUIRE(receiver.connections() == 1);
    CHECK(second.address == "127.0.0.1");
    CHECK_FALSE(second.connect);
    CHECK(second.first_byte);
}

TEST_CASE("response headers are kept up to 1 KiB") {
    Receiver receiver(answer_always(failing("location: " + std::string(1000, 'a') +
                                            "\r\nvia: 0123456789\r\n"
                                            "cf-ray: 0123456789\r\ndate: now\r\n")));
    const Headers kept = details_of(Driver().send(receiver.url())).response_headers;
    CHECK(kept == Headers{{"location", std::string(1000, 'a')}, {"via", "0123456789"}});
}

TEST_CASE("a success has no details") {
    Receiver receiver(answer_always("HTTP/1.1 204 No Content\r\nserver: nginx\r\n\r\n"));
    CHECK_FALSE(Driver().send(receiver.url()).details);
}

TEST_CASE("an attempt without a response has details as far as it came") {
    const ClosedPort closed;
    const AttemptDetails refused = details_of(Driver().send(closed.url()));
    CHECK(refused.address == "127.0.0.1");
    CHECK(refused.connect);
    CHECK_FALSE(refused.first_byte);
    CHECK(refused.response_headers.empty());
    const AttemptDetails forbidden = details_of(Driver().send("http://10.0.0.1/"));
    CHECK(forbidden.address.empty());
    CHECK_FALSE(forbidden.connect);
}
