#pragma once

#include <string>
#include <string_view>
#include <webhooks/subscription.hpp>

namespace webhooks::storage {

/// Headers as one column: a line "name: value" for each, in order. Names and values contain no line
/// break.
std::string write_headers(const Headers& headers);
Headers read_headers(std::string_view text);

}  // namespace webhooks::storage
