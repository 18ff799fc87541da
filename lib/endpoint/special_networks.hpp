#pragma once

/// @file
/// Addresses that no endpoint may have: every row of the two IANA special-purpose registries,
/// regardless of "globally reachable", including nested rows, and a few that are not in them.
///
/// Sources: https://www.iana.org/assignments/iana-ipv4-special-registry and
/// https://www.iana.org/assignments/iana-ipv6-special-registry, both as updated on 2025-10-09.

#include <endpoint/ip_text.hpp>

namespace webhooks::endpoint {

inline constexpr Network special_networks[] = {
    // IPv4 registry.
    network("0.0.0.0/8"),           // "This network", RFC 791
    network("0.0.0.0/32"),          // "This host on this network", RFC 1122
    network("10.0.0.0/8"),          // Private use, RFC 1918
    network("100.64.0.0/10"),       // Shared address space, RFC 6598
    network("127.0.0.0/8"),         // Loopback, RFC 1122
    network("169.254.0.0/16"),      // Link local (and cloud metadata), RFC 3927
    network("172.16.0.0/12"),       // Private use, RFC 1918
    network("192.0.0.0/24"),        // IETF protocol assignments, RFC 6890
    network("192.0.0.0/29"),        // IPv4 service continuity prefix, RFC 7335
    network("192.0.0.8/32"),        // IPv4 dummy address, RFC 7600
    network("192.0.0.9/32"),        // Port Control Protocol anycast, RFC 7723
    network("192.0.0.10/32"),       // TURN anycast, RFC 8155
    network("192.0.0.170/32"),      // NAT64/DNS64 discovery, RFC 8880
    network("192.0.0.171/32"),      // NAT64/DNS64 discovery, RFC 8880
    network("192.0.2.0/24"),        // Documentation (TEST-NET-1), RFC 5737
    network("192.31.196.0/24"),     // AS112-v4, RFC 7535
    network("192.52.193.0/24"),     // AMT, RFC 7450
    network("192.88.99.0/24"),      // 6to4 relay anycast, deprecated, RFC 7526
    network("192.88.99.2/32"),      // 6a44 relay anycast, RFC 6751
    network("192.168.0.0/16"),      // Private use, RFC 1918
    network("192.175.48.0/24"),     // Direct delegation AS112, RFC 7534
    network("198.18.0.0/15"),       // Benchmarking, RFC 2544
    network("198.51.100.0/24"),     // Documentation (TEST-NET-2), RFC 5737
    network("203.0.113.0/24"),      // Documentation (TEST-NET-3), RFC 5737
    network("240.0.0.0/4"),         // Reserved, RFC 1112
    network("255.255.255.255/32"),  // Limited broadcast, RFC 8190

    // IPv4, from other registries or none.
    network("224.0.0.0/4"),       // Multicast, RFC 5771
    network("168.63.129.16/32"),  // Azure's platform services on every virtual machine

    // IPv6, from other registries or none.
    network("3ffe::/16"),  // 6bone, returned to IANA, RFC 3701

    // IPv6 registry.
    network("::1/128"),            // Loopback, RFC 4291
    network("::/128"),             // Unspecified, RFC 4291
    network("::ffff:0:0/96"),      // IPv4-mapped, RFC 4291
    network("64:ff9b::/96"),       // IPv4-IPv6 translation (NAT64), RFC 6052
    network("64:ff9b:1::/48"),     // IPv4-IPv6 translation (NAT64), RFC 8215
    network("100::/64"),           // Discard only, RFC 6666
    network("100:0:0:1::/64"),     // Dummy prefix, RFC 9780
    network("2001::/23"),          // IETF protocol assignments, RFC 2928
    network("2001::/32"),          // Teredo, RFC 4380
    network("2001:1::1/128"),      // Port Control Protocol anycast, RFC 7723
    network("2001:1::2/128"),      // TURN anycast, RFC 8155
    network("2001:1::3/128"),      // DNS-SD service registration anycast, RFC 9665
    network("2001:2::/48"),        // Benchmarking, RFC 5180
    network("2001:3::/32"),        // AMT, RFC 7450
    network("2001:4:112::/48"),    // AS112-v6, RFC 7535
    network("2001:10::/28"),       // ORCHID, deprecated, RFC 4843
    network("2001:20::/28"),       // ORCHIDv2, RFC 7343
    network("2001:30::/28"),       // Drone remote identification, RFC 9374
    network("2001:db8::/32"),      // Documentation, RFC 3849
    network("2002::/16"),          // 6to4, RFC 3056
    network("2620:4f:8000::/48"),  // Direct delegation AS112, RFC 7534
    network("3fff::/20"),          // Documentation, RFC 9637
    network("5f00::/16"),          // Segment routing, RFC 9602
    network("fc00::/7"),           // Unique local, RFC 4193
    network("fe80::/10"),          // Link local, RFC 4291
};

/// All IPv6 global unicast addresses (RFC 4291, section 2.4); all others are rejected.
inline constexpr Network global_ipv6 = network("2000::/3");

}  // namespace webhooks::endpoint
