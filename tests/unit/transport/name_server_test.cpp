#include <support/catch.hpp>
#include <transport/name_server.hpp>

using webhooks::transport::canonical_name_server;

TEST_CASE("a name server is an address, with a port or without") {
    struct Row {
        const char* text;
        const char* canonical;
    };
    const auto row = GENERATE(values<Row>({
        {"192.0.2.1", "192.0.2.1:53"},
        {"192.0.2.1:5353", "192.0.2.1:5353"},
        {"2001:db8::1", "[2001:db8::1]:53"},
        {"[2001:db8::1]", "[2001:db8::1]:53"},
        {"[2001:db8::1]:65535", "[2001:db8::1]:65535"},
        {"::1", "[::1]:53"},
    }));
    CHECK(canonical_name_server(row.text) == row.canonical);
}

TEST_CASE("an invalid name server is reported") {
    const auto* text =
        GENERATE("", ":", "53", "ns.example", "ns.example:53", "192.0.2.1:", "192.0.2.1:0",
                 "192.0.2.1:65536", "192.0.2.1:53x", "192.0.2.1:+53", "192.0.2.1,192.0.2.2",
                 "[192.0.2.1]:53", "[", "[]", "[::1", "[::1]53", "[::1]:", "]:53", "[:]:1", "::1 ");
    CAPTURE(text);
    CHECK(canonical_name_server(text) == std::nullopt);
}
