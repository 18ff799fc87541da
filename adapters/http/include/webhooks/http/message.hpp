#pragma once

/// @file
/// Requests and responses as the REST adapter sees them, whatever server they come from.

#include <functional>
#include <string>
#include <string_view>
#include <vector>
#include <webhooks/export.hpp>

namespace WEBHOOKS_EXPORT webhooks {
namespace http {

/// A header field.
struct Field {
    std::string name;   ///< In any case.
    std::string value;  ///< Without blanks at its ends.

    bool operator==(const Field&) const = default;
};
using Fields = std::vector<Field>;

/// How often a field is there, its name compared without regard to case.
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
    std::string method;  ///< With regard to case, such as "GET".
    std::string target;  ///< As it was sent: path and query, not decoded.
    Fields fields;
    Peer peer;
};

/// An answer. A server adds Content-Length, Date and what it says of the connection.
struct Response {
    int status = 200;
    Fields fields = {};
    std::string body = {};
    /// The request was HEAD: send the fields, with the length of `body`, and not the body.
    bool omit_body = false;
};

/// Takes one answer, from any thread. Must not throw.
using Respond = std::function<void(Response)>;

}  // namespace http
}  // namespace webhooks
