#pragma once

#include <string>
#include <string_view>

namespace webhooks {

/// Two lower-case digits for each byte.
std::string to_hex(std::string_view bytes);
/// @pre `text` was made by `to_hex`.
std::string from_hex(std::string_view text);

}  // namespace webhooks
