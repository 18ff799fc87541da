#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace webhooks::query {

/// A word, a value or a sign of a query's text, in either spelling.
struct Token {
    enum class Kind : std::uint8_t {
        end,
        word,    ///< A letter or `_`, then letters, digits, `_`.
        text,    ///< In single or double quotes; without the last one if it is not closed.
        number,  ///< What begins with a digit, or a digit's sign: a number, a timestamp, or
                 ///< neither.
        sign,    ///< An operator or a bracket, or any character that begins nothing else.
    };
    Kind kind = Kind::end;
    std::string_view text = {};  ///< As it is written.
    std::size_t position = 1;    ///< The character it begins at, from 1.
    std::size_t blanks = 0;      ///< How many blanks and tabs stand before it.
};

/// Takes a text apart, in one pass. Points into the text.
/// @pre `text` is UTF-8.
/// @return at least one token; the last is the end, and no other is.
std::vector<Token> lex(std::string_view text);

/// Whether a token is this word, in any case, or this sign.
bool is(const Token& token, std::string_view lower_case) noexcept;

}  // namespace webhooks::query
