#pragma once

#include <optional>
#include <string_view>

namespace webhooks::transport {

/// The answer that nearly all endpoints give: `HTTP/1.1`, a final status, ordinary headers, a short
/// body of a known length, and nothing behind it; the connection may be used again.
struct PlainAnswer {
    int status = 0;
    std::string_view body;  ///< A part of the bytes that were read.
};

/// Reads bytes that are one such answer as a whole. It is no parser of HTTP: whatever is unusual in
/// any way, valid or not, is left to one that knows it all.
/// @return nothing where that is so.
std::optional<PlainAnswer> read_plain_answer(std::string_view bytes, std::size_t max_head,
                                             std::size_t max_body) noexcept;

}  // namespace webhooks::transport
