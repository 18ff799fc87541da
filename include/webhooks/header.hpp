#pragma once

#include <string>
#include <vector>
#include <webhooks/export.hpp>

namespace WEBHOOKS_EXPORT webhooks {

/// A header of a request or a response. Those that a subscription adds to each request must follow
/// the rules of docs/security.md: names are RFC 9110 tokens that are not reserved for the library
/// or the connection.
struct Header {
    std::string name;
    std::string value;

    bool operator==(const Header&) const = default;
};
using Headers = std::vector<Header>;

}  // namespace webhooks
