#pragma once

#include <cstddef>
#include <optional>
#include <string_view>
#include <webhooks/export.hpp>

namespace webhooks {

/// The number of code points in `text`; nullopt if it is not well-formed UTF-8 (RFC 3629) or
/// contains U+0000, which not every database can store.
WEBHOOKS_EXPORT std::optional<std::size_t> count_code_points(std::string_view text) noexcept;

inline bool is_storable_text(std::string_view text) noexcept {
    return count_code_points(text).has_value();
}

/// Whether a byte continues a code point of UTF-8.
inline bool is_utf8_tail(char c) noexcept {
    return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U;
}

}  // namespace webhooks
