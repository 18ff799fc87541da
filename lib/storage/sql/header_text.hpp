#pragma once

#include <string>
#include <string_view>
#include <webhooks/subscription.hpp>

namespace webhooks::storage {

/// Headers as one column: a line "name: value" for each, in order. Names and values contain no line
/// break.
std::string write_headers(const Headers& headers);
/// @param are_encrypted the values: a line that is not of this form was changed. It becomes a
/// header without a name, which cannot be decrypted, so that this is noticed.
Headers read_headers(std::string_view text, bool are_encrypted);

}  // namespace webhooks::storage
