#include <string>
#include <support/catch.hpp>
#include <webhooks/endpoint.hpp>

using namespace webhooks;

TEST_CASE("IPv4 addresses are four decimal numbers") {
    for (const char* text : {"0.0.0.0", "1.2.3.4", "127.0.0.1", "255.255.255.255", "10.0.200.9"}) {
        CAPTURE(text);
        const auto address = IpAddress::parse(text);
        REQUIRE(address);
        CHECK_FALSE(address->is_v6);
        CHECK(address->to_string() == text);
    }
    CHECK(IpAddress::parse("1.2.3.4")->bytes[0] == 1);
    CHECK(IpAddress::parse("1.2.3.4")->bytes[3] == 4);
}

TEST_CASE("IPv6 addresses are written in their shortest form (RFC 5952)") {
    struct Row {
        const char* text;
        const char* shortest;
    };
    const Row rows[] = {
        {"::", "::"},
        {"::1", "::1"},
        {"1::", "1::"},
        {"0:0:0:0:0:0:0:0", "::"},
        {"2001:0DB8:0000:0000:0000:0000:0000:0001", "2001:db8::1"},
        {"2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"},
        {"2001:db8::1:1:1:1:1", "2001:db8:0:1:1:1:1:1"},
        {"2001:0:0:1:0:0:0:1", "2001:0:0:1::1"},
        {"2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"},
        {"0:0:1:0:0:0:0:0", "0:0:1::"},
        {"1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"},
        {"::2:3:4:5:6:7:8", "0:2:3:4:5:6:7:8"},
        {"a:b:c:d:e:f:10:100", "a:b:c:d:e:f:10:100"},
        {"::ffff:127.0.0.1", "::ffff:7f00:1"},
        {"64:ff9b::192.0.2.33", "64:ff9b::c000:221"},
        {"1:2:3:4:5:6:1.2.3.4", "1:2:3:4:5:6:102:304"},
    };
    for (const Row& row : rows) {
        CAPTURE(row.text);
        const auto address = IpAddress::parse(row.text);
        REQUIRE(address);
        CHECK(address->is_v6);
        CHECK(address->to_string() == row.shortest);
        CHECK(*IpAddress::parse(row.shortest) == *address);
    }
}

TEST_CASE("what other programs take for an address is rejected") {
    for (const char* text : {"",
                             " ",
                             "1",
                             "127.1",
                             "1.2.3",
                             "1.2.3.4.5",
                             "1.2.3.",
                             ".1.2.3",
                             "1..2.3",
                             "01.2.3.4",
                             "1.2.3.00",
                             "256.1.1.1",
                             "1.2.3.-4",
                             "+1.2.3.4",
                             "0x7f.0.0.1",
                             "2130706433",
                             "1.2.3.4 ",
                             " 1.2.3.4",
                             "1.2.3.4%eth0",
                             "a.b.c.d",
                             "4294967297.1.1.1",
                             "1.2.3.4294967300",
                             ":",
                             ":::",
                             "1:::2",
                             "1::2::3",
                             ":1",
                             "1:",
                             "1:2:3:4:5:6:7",
                             "1:2:3:4:5:6:7:8:9",
                             "1:2:3:4::5:6:7:8",
                             "12345::",
                             "g::",
                             "::1%eth0",
                             "fe80::1%25eth0",
                             "[::1]",
                             "::1/128",
                             "1.2.3.4::",
                             "::1.2.3",
                             "::1.2.3.04",
                             "1:2:3:4:5:6:7:1.2.3.4",
                             "::1.2.3.4:5",
                             "::0x1",
                             "::-1",
                             "1:2:3:4:5:6:7:8::",
                             "::1 "}) {
        CAPTURE(text);
        const auto address = IpAddress::parse(text);
        REQUIRE_FALSE(address);
        CHECK(address.error() == Errc::invalid_argument);
    }
}

TEST_CASE("a network is its lowest address and a prefix length") {
    for (const char* text : {"0.0.0.0/0", "127.0.0.0/8", "10.1.2.3/32", "10.1.2.2/31", "::/0",
                             "::1/128", "fd00::/8", "2001:db8::/33"}) {
        CAPTURE(text);
        CHECK(Network::parse(text));
    }
    for (const char* text :
         {"", "/", "/8", "127.0.0.0", "127.0.0.0/", "127.0.0.0/33", "127.0.0.0/-1", "127.0.0.0/08",
          "127.0.0.0/8 ", "127.0.0.0/8/8", "127.0.0.1/8", "10.1.2.3/31", "127.1/8", "::1/129",
          "::1/64", "fd00::1/8", "fd00::/8x", "localhost/8", "[::1]/128"}) {
        CAPTURE(text);
        const auto network = Network::parse(text);
        REQUIRE_FALSE(network);
        CHECK(network.error() == Errc::invalid_argument);
    }
}

TEST_CASE("a network contains only the addresses of its prefix and family") {
    struct Row {
        const char* network;
        const char* address;
        bool is_inside;
    };
    const Row rows[] = {
        {"10.0.0.0/8", "10.255.255.255", true},
        {"10.0.0.0/8", "11.0.0.0", false},
        {"10.0.0.0/9", "10.127.0.1", true},
        {"10.0.0.0/9", "10.128.0.1", false},
        {"1.2.3.4/32", "1.2.3.4", true},
        {"1.2.3.4/32", "1.2.3.5", false},
        {"0.0.0.0/0", "203.0.113.9", true},
        {"0.0.0.0/0", "::1", false},
        {"::/0", "ff00::1", true},
        {"::/0", "127.0.0.1", false},
        {"2001:db8::/33", "2001:db8:7fff::", true},
        {"2001:db8::/33", "2001:db8:8000::", false},
        {"::1/128", "::1", true},
        {"::1/128", "::2", false},
    };
    for (const Row& row : rows) {
        CAPTURE(row.network, row.address);
        CHECK(Network::parse(row.network)->contains(*IpAddress::parse(row.address)) ==
              row.is_inside);
    }
}
