#pragma once

/// @file
/// What passes between the network side of the adapter and the side that knows the API. Neither
/// sees the other's tools: the API side has no sockets, the network side no JSON.

#include <algorithm>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "ascii.hpp"

namespace webhooks::http {

struct Field {
    std::string name;
    std::string value;

    bool operator==(const Field&) const = default;
};
using Fields = std::vector<Field>;

/// How often a field is there, its name compared without regard to case.
inline std::size_t count_fields(const Fields& fields, std::string_view name) {
    return static_cast<std::size_t>(std::count_if(
        fields.begin(), fields.end(), [&](const Field& f) { return iequals(f.name, name); }));
}

/// The value of the first field of that name; empty when there is none.
inline std::string_view find_field(const Fields& fields, std::string_view name) {
    for (const Field& field : fields) {
        if (iequals(field.name, name)) return field.value;
    }
    return {};
}

/// A whole request whose framing was found right.
struct Request {
    std::string method;
    std::string path;   ///< As it was sent, without the query; "*" in asterisk form.
    std::string query;  ///< What follows the first `?`, as it was sent.
    Fields fields;
    std::string body = {};
    bool has_body = false;   ///< Told by the head: of one byte or more, or chunked.
    bool keep_alive = true;  ///< Whether the client wants the connection to stay.
};

/// How large the body of a request may be, of which the head is here.
using BodyLimit = std::function<std::size_t(const Request&)>;

/// What is answered. Length, date and connection fields are the network side's.
struct Response {
    int status = 200;
    Fields fields = {};
    std::string body = {};
    /// Send the fields (with the body's length) alone, as HEAD wants it.
    bool omit_body = false;
};

/// Takes one answer, from any thread, once.
using Respond = std::function<void(Response)>;
/// Answers requests. Called from several threads at once; may block; does not throw.
using Handler = std::function<void(Request, Respond)>;

}  // namespace webhooks::http
