#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace webhooks::query {

/// A word, a value or an operator in a query's text, in either spelling.
struct Token {
    enum class Kind : std::uint8_t {
        end,
        word,    ///< A letter or `_`, then letters, digits, `_`.
        text,    ///< In single or double quotes; without the closing one if it is missing.
        number,  ///< Starts with a digit, or with a sign and a digit: a number, a timestamp, or
                 ///< neither.
        sign,    ///< An operator or a bracket, or any character that begins nothing else.
    };
    Kind kind = Kind::end;
    std::string_view text = {};  ///< As written.
    std::size_t position = 1;    ///< The position where it begins, in characters, from 1.
    std::size_t blanks = 0;      ///< The number of spaces and tabs before it.
};

/// Splits a text into tokens, in one pass. The tokens refer to the text.
/// @pre `text` is UTF-8.
/// @return at least one token; the last one, and no other, is the end.
std::vector<Token> lex(std::string_view text);

/// Whether a token is this word, case-insensitively, or this operator.
bool is(const Token& token, std::string_view lower_case) noexcept;

}  // namespace webhooks::query
