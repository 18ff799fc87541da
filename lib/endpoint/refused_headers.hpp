#pragma once

#include <string_view>

namespace webhooks::endpoint {

/// Header names that a subscription may not set, in lower case. An underscore in a given name
/// counts as a hyphen: to a CGI-like server the two are one.
inline constexpr std::string_view refused_header_names[] = {
    // Framing, hop-by-hop and connection fields: RFC 9110, section 7.6.1, and RFC 9112.
    "connection",
    "http2-settings",
    "keep-alive",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    // What the library says itself, or what changes how the endpoint answers.
    "accept-encoding",
    "date",
    "expect",
    "host",
    "set-cookie",
    "user-agent",
    // What cloud metadata services ask for as a proof of good intent (Azure, Google).
    "metadata",
    "metadata-flavor",
};

/// Beginnings of names that are refused.
inline constexpr std::string_view refused_header_prefixes[] = {
    "content-",
    "proxy-",
    "sec-",
    "webhook-",
    // Clouds' own: metadata tokens, signed requests, identity.
    "x-amz-",
    "x-aws-ec2-metadata-token",
    "x-azure-",
    "x-goog-",
    "x-google-",
};

}  // namespace webhooks::endpoint
