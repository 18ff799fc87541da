#include <string>
#include <support/catch.hpp>
#include <webhooks/endpoint.hpp>

using namespace webhooks;

namespace {

/// A range, its edges, and its neighbours if they are public (otherwise empty).
struct Range {
    const char* network;
    const char* first;
    const char* last;
    const char* before;
    const char* after;
};

// Computed from the two registries by another program, so that a mistake in the library's table or
// arithmetic is detected.
constexpr Range ranges[] = {
    {"0.0.0.0/8", "0.0.0.0", "0.255.255.255", "", "1.0.0.0"},
    {"0.0.0.0/32", "0.0.0.0", "0.0.0.0", "", ""},
    {"10.0.0.0/8", "10.0.0.0", "10.255.255.255", "9.255.255.255", "11.0.0.0"},
    {"100.64.0.0/10", "100.64.0.0", "100.127.255.255", "100.63.255.255", "100.128.0.0"},
    {"127.0.0.0/8", "127.0.0.0", "127.255.255.255", "126.255.255.255", "128.0.0.0"},
    {"169.254.0.0/16", "169.254.0.0", "169.254.255.255", "169.253.255.255", "169.255.0.0"},
    {"172.16.0.0/12", "172.16.0.0", "172.31.255.255", "172.15.255.255", "172.32.0.0"},
    {"192.0.0.0/24", "192.0.0.0", "192.0.0.255", "191.255.255.255", "192.0.1.0"},
    {"192.0.0.0/29", "192.0.0.0", "192.0.0.7", "191.255.255.255", ""},
    {"192.0.0.8/32", "192.0.0.8", "192.0.0.8", "", ""},
    {"192.0.0.9/32", "192.0.0.9", "192.0.0.9", "", ""},
    {"192.0.0.10/32", "192.0.0.10", "192.0.0.10", "", ""},
    {"192.0.0.170/32", "192.0.0.170", "192.0.0.170", "", ""},
    {"192.0.0.171/32", "192.0.0.171", "192.0.0.171", "", ""},
    {"192.0.2.0/24", "192.0.2.0", "192.0.2.255", "192.0.1.255", "192.0.3.0"},
    {"192.31.196.0/24", "192.31.196.0", "192.31.196.255", "192.31.195.255", "192.31.197.0"},
    {"192.52.193.0/24", "192.52.193.0", "192.52.193.255", "192.52.192.255", "192.52.194.0"},
    {"192.88.99.0/24", "192.88.99.0", "192.88.99.255", "192.88.98.255", "192.88.100.0"},
    {"192.88.99.2/32", "192.88.99.2", "192.88.99.2", "", ""},
    {"192.168.0.0/16", "192.168.0.0", "192.168.255.255", "192.167.255.255", "192.169.0.0"},
    {"192.175.48.0/24", "192.175.48.0", "192.175.48.255", "192.175.47.255", "192.175.49.0"},
    {"198.18.0.0/15", "198.18.0.0", "198.19.255.255", "198.17.255.255", "198.20.0.0"},
    {"198.51.100.0/24", "198.51.100.0", "198.51.100.255", "198.51.99.255", "198.51.101.0"},
    {"203.0.113.0/24", "203.0.113.0", "203.0.113.255", "203.0.112.255", "203.0.114.0"},
    {"240.0.0.0/4", "240.0.0.0", "255.255.255.255", "", ""},
    {"255.255.255.255/32", "255.255.255.255", "255.255.255.255", "", ""},
    {"224.0.0.0/4", "224.0.0.0", "239.255.255.255", "223.255.255.255", ""},
    {"168.63.129.16/32", "168.63.129.16", "168.63.129.16", "168.63.129.15", "168.63.129.17"},
    {"::1/128", "::1", "::1", "", ""},
    {"::/128", "::", "::", "", ""},
    {"::ffff:0:0/96", "::ffff:0:0", "::ffff:ffff:ffff", "", ""},
    {"64:ff9b::/96", "64:ff9b::", "64:ff9b::ffff:ffff", "", ""},
    {"64:ff9b:1::/48", "64:ff9b:1::", "64:ff9b:1:ffff:ffff:ffff:ffff:ffff", "", ""},
    {"100::/64", "100::", "100::ffff:ffff:ffff:ffff", "", ""},
    {"100:0:0:1::/64", "100:0:0:1::", "100::1:ffff:ffff:ffff:ffff", "", ""},
    {"2001::/23", "2001::", "2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff",
     "2000:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "2001:200::"},
    {"2001::/32", "2001::", "2001:0:ffff:ffff:ffff:ffff:ffff:ffff",
     "2000:ffff:ffff:ffff:ffff:ffff:ffff:ffff", ""},
    {"2001:1::1/128", "2001:1::1", "2001:1::1", "", ""},
    {"2001:1::2/128", "2001:1::2", "2001:1::2", "", ""},
    {"2001:1::3/128", "2001:1::3", "2001:1::3", "", ""},
    {"2001:2::/48", "2001:2::", "2001:2:0:ffff:ffff:ffff:ffff:ffff", "", ""},
    {"2001:3::/32", "2001:3::", "2001:3:ffff:ffff:ffff:ffff:ffff:ffff", "", ""},
    {"2001:4:112::/48", "2001:4:112::", "2001:4:112:ffff:ffff:ffff:ffff:ffff", "", ""},
    {"2001:10::/28", "2001:10::", "2001:1f:ffff:ffff:ffff:ffff:ffff:ffff", "", ""},
    {"2001:20::/28", "2001:20::", "2001:2f:ffff:ffff:ffff:ffff:ffff:ffff", "", ""},
    {"2001:30::/28", "2001:30::", "2001:3f:ffff:ffff:ffff:ffff:ffff:ffff", "", ""},
    {"2001:db8::/32", "2001:db8::", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff",
     "2001:db7:ffff:ffff:ffff:ffff:ffff:ffff", "2001:db9::"},
    {"2002::/16", "2002::", "2002:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
     "2001:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "2003::"},
    {"2620:4f:8000::/48", "2620:4f:8000::", "2620:4f:8000:ffff:ffff:ffff:ffff:ffff",
     "2620:4f:7fff:ffff:ffff:ffff:ffff:ffff", "2620:4f:8001::"},
    {"3ffe::/16", "3ffe::", "3ffe:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
     "3ffd:ffff:ffff:ffff:ffff:ffff:ffff:ffff", ""},
    {"3fff::/20", "3fff::", "3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff", "", "3fff:1000::"},
    {"5f00::/16", "5f00::", "5f00:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "", ""},
    {"fc00::/7", "fc00::", "fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "", ""},
    {"fe80::/10", "fe80::", "febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "", ""},
    {"ff00::/8", "ff00::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "", ""},
};

bool is_allowed(const std::string& address, const EndpointPolicy& policy = {}) {
    return check_address(IpAddress::parse(address).value(), policy).has_value();
}

}  // namespace

TEST_CASE("every special-purpose range is rejected exactly up to both edges") {
    for (const Range& range : ranges) {
        CAPTURE(range.network);
        CHECK_FALSE(is_allowed(range.first));
        CHECK_FALSE(is_allowed(range.last));
        if (*range.before) CHECK(is_allowed(range.before));
        if (*range.after) CHECK(is_allowed(range.after));
    }
}

TEST_CASE("an allowed network allows exactly its addresses") {
    for (const Range& range : ranges) {
        // Checked as the IPv4 addresses that they contain; another test covers them.
        if (std::string(range.network) == "::ffff:0:0/96") continue;
        CAPTURE(range.network);
        EndpointPolicy policy;
        policy.allowed_networks = {Network::parse(range.network).value()};
        CHECK(is_allowed(range.first, policy));
        CHECK(is_allowed(range.last, policy));
        const std::string elsewhere = policy.allowed_networks[0].base.is_v6 ? "::2" : "127.0.0.1";
        if (std::string(range.network) != "127.0.0.0/8") CHECK_FALSE(is_allowed(elsewhere, policy));
    }
}

TEST_CASE("IPv6 outside 2000::/3 is rejected, registered or not") {
    for (const char* address : {"::2", "::127.0.0.1", "200::1", "400::1", "1000::1",
                                "1fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "4000::", "6000::1",
                                "8000::1", "a000::1", "c000::1", "e000::1", "f000::1", "fec0::1"}) {
        CAPTURE(address);
        CHECK_FALSE(is_allowed(address));
    }
    CHECK(is_allowed("2000::"));
    CHECK(is_allowed("3fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"));
    CHECK(is_allowed("2606:4700:4700::1111"));
}

TEST_CASE("an IPv4-mapped address is checked as its IPv4 address") {
    CHECK(is_allowed("::ffff:8.8.8.8"));
    CHECK_FALSE(is_allowed("::ffff:127.0.0.1"));
    CHECK_FALSE(is_allowed("::ffff:169.254.169.254"));
    EndpointPolicy policy;
    policy.allowed_networks = {Network::parse("127.0.0.0/8").value()};
    CHECK(is_allowed("::ffff:127.0.0.1", policy));
    CHECK_FALSE(is_allowed("::ffff:10.0.0.1", policy));
}

TEST_CASE("cloud metadata addresses are rejected") {
    for (const char* address :
         {"169.254.169.254", "169.254.170.2", "168.63.129.16", "100.100.100.200", "192.0.0.192",
          "fd00:ec2::254", "fd20:ce::254", "64:ff9b::a9fe:a9fe", "2002:a9fe:a9fe::1"}) {
        CAPTURE(address);
        CHECK_FALSE(is_allowed(address));
    }
}

TEST_CASE("the rejection of an address says nothing about what is there") {
    for (const char* address : {"10.1.2.3", "127.0.0.1", "169.254.169.254", "::1"}) {
        const auto result = check_address(IpAddress::parse(address).value(), {});
        REQUIRE_FALSE(result);
        CHECK(result.error() == Errc::invalid_argument);
        CHECK(result.error().detail() ==
              check_address(IpAddress::parse("10.0.0.1").value(), {}).error().detail());
    }
}
