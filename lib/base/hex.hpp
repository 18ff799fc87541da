#pragma once

#include <string>
#include <string_view>
#include <webhooks/export.hpp>

namespace webhooks {

/// Two lower-case digits for each byte.
WEBHOOKS_EXPORT std::string to_hex(std::string_view bytes);
/// @pre `text` was made by `to_hex`.
WEBHOOKS_EXPORT std::string from_hex(std::string_view text);

}  // namespace webhooks
