#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "request_error.hpp"

namespace webhooks::http {

/// Limits of RFC 9112 messages that are not options.
inline constexpr std::size_t max_request_line = 8 * 1024;
inline constexpr std::size_t max_field_bytes = 32 * 1024;
inline constexpr std::size_t max_field_count = 100;

/// Collects the head of a request up to its empty line, and enforces its limits: Beast's parser has
/// only one limit for all of it. A line ends only with CR LF: requests are smuggled through what
/// one parser takes for a line end and another for text.
class HeadReader {
public:
    /// Removes bytes from the front of `input`, up to the end of the head.
    /// @return the error if the head is too large or a line ends differently.
    std::optional<RequestError> consume(std::string_view& input);

    bool is_empty() const noexcept { return head_.empty(); }
    bool is_complete() const noexcept { return is_complete_; }
    /// The collected text, including the empty line.
    std::string_view head() const noexcept { return head_; }
    /// Clears the head, so that the next one can be read.
    void clear();

private:
    std::size_t line_limit() const noexcept;
    std::optional<RequestError> on_line();

    std::string head_;
    std::size_t line_begin_ = 0;
    std::size_t fields_begin_ = 0;  ///< 0 until the request line is complete.
    std::size_t field_count_ = 0;
    bool skipped_blank_line_ = false;
    bool is_complete_ = false;
};

}  // namespace webhooks::http
