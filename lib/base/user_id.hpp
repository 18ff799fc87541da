#pragma once

#include <base/utf8.hpp>
#include <cstddef>
#include <string_view>

namespace webhooks {

/// The rule for user ids, wherever they come from.
inline bool is_user_id(std::string_view text) noexcept {
    constexpr std::size_t max_bytes = 256;
    return !text.empty() && text.size() <= max_bytes && is_storable_text(text);
}

inline constexpr const char* user_id_rule = "must be 1 to 256 bytes of UTF-8 without U+0000";

}  // namespace webhooks
