#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace webhooks::transport {

/// The stored part of a response body: valid UTF-8 of at most `limit` bytes, cut at a code point.
/// Each byte that is not UTF-8, and U+0000, which not every database can store, becomes U+FFFD.
/// @param is_cut `bytes` are the beginning of a longer text: an incomplete sequence at the end is
/// omitted and not replaced.
std::string storable_text(std::string_view bytes, std::size_t limit, bool is_cut);

/// Whether `text` can be a header's value without changing the request around it.
bool is_header_value(std::string_view text) noexcept;

}  // namespace webhooks::transport
