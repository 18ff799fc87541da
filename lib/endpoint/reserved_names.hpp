#pragma once

#include <string_view>

namespace webhooks::endpoint {

/// Last labels of names that never belong to an endpoint on the public Internet. Sources: IANA's
/// registry of special-use domain names (RFC 6761 and its successors), ICANN's reservation of
/// .internal (2024-07), ICANN's list of names that collide with internal networks (.corp, .home:
/// 2018-02), and common defaults of routers and clusters.
inline constexpr std::string_view reserved_top_labels[] = {
    "localhost", "local",   "localdomain", "internal", "svc", "lan",  "home",
    "corp",      "private", "intranet",    "onion",    "alt", "test", "invalid",
    "arpa",  // includes home.arpa
};

/// Names under which clouds serve credentials to any internal client.
inline constexpr std::string_view metadata_hosts[] = {
    "metadata.goog",
    "metadata.google.internal",
    "metadata.tencentyun.com",
    "metadata.packet.net",
};

}  // namespace webhooks::endpoint
