#pragma once

#include <string_view>

namespace webhooks::endpoint {

/// Header names that a subscription must not set, in lower case. An underscore in a given name
/// counts as a hyphen, because CGI-like servers do not distinguish them.
inline constexpr std::string_view rejected_header_names[] = {
    // Framing, hop-by-hop and connection fields: RFC 9110, section 7.6.1, and RFC 9112.
    "connection",
    "http2-settings",
    "keep-alive",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    // Set by the library itself, or changing how the endpoint responds.
    "accept-encoding",
    "date",
    "expect",
    "host",
    "set-cookie",
    "user-agent",
    // Required by cloud metadata services as proof of a legitimate request (Azure, Google).
    "metadata",
    "metadata-flavor",
};

/// Prefixes of rejected names.
inline constexpr std::string_view rejected_header_prefixes[] = {
    "content-",
    "proxy-",
    "sec-",
    "webhook-",
    // Cloud providers' own: metadata tokens, signed requests, identity.
    "x-amz-",
    "x-aws-ec2-metadata-token",
    "x-azure-",
    "x-goog-",
    "x-google-",
};

}  // namespace webhooks::endpoint
