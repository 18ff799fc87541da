#pragma once

/// @file
/// Requests and responses as the REST adapter sees them, independent of the server.

#include <functional>
#include <string>
#include <string_view>
#include <vector>
#include <webhooks/export.hpp>

namespace WEBHOOKS_EXPORT webhooks {
namespace http {

/// A header field.
struct Field {
    std::string name;   ///< Case-insensitive.
    std::string value;  ///< Without leading or trailing spaces.

    bool operator==(const Field&) const = default;
};
using Fields = std::vector<Field>;

/// The number of fields with this name (case-insensitive).
std::size_t count_fields(const Fields& fields, std::string_view name);
/// The value of the first field of that name; empty if there is none.
std::string_view find_field(const Fields& fields, std::string_view name);

/// The other end of a connection, as far as the server knows it.
struct Peer {
    std::string address;      ///< Such as "192.0.2.1"; empty if unknown.
    std::string certificate;  ///< The TLS client's, verified, in DER; empty if there is none.
};

/// A request without its body.
struct RequestHead {
    std::string method;  ///< Case-sensitive, such as "GET".
    std::string target;  ///< As sent: path and query, not decoded.
    Fields fields;
    Peer peer;
};

/// A response. The server adds Content-Length, Date and connection fields.
struct Response {
    int status = 200;
    Fields fields = {};
    std::string body = {};
    /// The request was HEAD: send the fields, with the length of `body`, but not the body.
    bool omit_body = false;
};

/// Receives one response, from any thread. Must not throw.
using Respond = std::function<void(Response)>;

}  // namespace http
}  // namespace webhooks
