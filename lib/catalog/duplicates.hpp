#pragma once

#include <string>
#include <string_view>

namespace webhooks::catalog {

/// A pointer (RFC 6901) to the first member of an object that has the name of an earlier one; empty
/// if there is none.
/// @param text valid JSON.
std::string find_duplicate(std::string_view text);

}  // namespace webhooks::catalog
