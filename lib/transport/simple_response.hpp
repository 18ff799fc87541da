#pragma once

#include <optional>
#include <string_view>

namespace webhooks::transport {

/// The response of nearly all endpoints: `HTTP/1.1`, a 2xx status, ordinary headers, a short body
/// of known length, and nothing after it; the connection can be reused.
struct SimpleResponse {
    int status = 0;
    std::string_view body;  ///< A part of the bytes that were read.
};

/// Reads bytes that are exactly one such response. It is not an HTTP parser: anything unusual,
/// valid or not, is left to the full parser.
/// @return nullopt in that case.
std::optional<SimpleResponse> read_simple_response(std::string_view bytes, std::size_t max_head,
                                                   std::size_t max_body) noexcept;

}  // namespace webhooks::transport
