#pragma once

#include <string>
#include <string_view>

namespace webhooks::query {

/// What is wrong with a parameter, and where.
struct SyntaxError {
    std::string what;
    std::size_t position = 0;  ///< The character, from 1; 0: no particular one.
    std::string hint = {};

    /// "what at character N; hint".
    std::string message() const;
};

/// A part of the input as a message may quote it: short, valid UTF-8, no control characters.
std::string in_quotes(std::string_view text);

}  // namespace webhooks::query
