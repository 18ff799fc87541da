#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace webhooks::transport {

/// What is kept of an answer's body: valid UTF-8 of at most `limit` bytes, cut at a code point.
/// Each byte that is no UTF-8, and U+0000, which not every database keeps, becomes U+FFFD.
/// @param is_cut `bytes` are the beginning of something longer: a sequence that is not finished at
///     its end is left out and not replaced.
std::string storable_text(std::string_view bytes, std::size_t limit, bool is_cut);

/// Whether `text` can stand as a header's value without changing the request around it.
bool is_header_value(std::string_view text) noexcept;

}  // namespace webhooks::transport
