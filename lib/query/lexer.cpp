#include <algorithm>
#include <base/ascii.hpp>
#include <base/utf8.hpp>
#include <query/lexer.hpp>

namespace webhooks::query {
namespace {

/// The operators of more than one character.
constexpr std::string_view long_signs[] = {"&&", "||", "==", "!=", "<>",
                                           "<=", ">=", "=>", "??", "?."};

bool is_word_character(char c) {
    return ascii::is_alphanumeric(c) || c == '_';
}

/// Filters may be written on several lines.
bool is_space(char c) {
    return ascii::is_blank(c) || c == '\n' || c == '\r';
}

/// A character of a number or a timestamp.
bool is_number_character(char c) {
    return ascii::is_alphanumeric(c) || c == '.' || c == ':' || c == '+' || c == '-';
}

template <class Predicate>
std::size_t length_while(std::string_view text, std::size_t from, Predicate holds) {
    while (from < text.size() && holds(text[from])) {
        ++from;
    }
    return from;
}

/// A single quote within single quotes is doubled, a double quote within double quotes is escaped.
std::size_t length_of_text(std::string_view text) {
    const char quote = text.front();
    for (std::size_t at = 1; at < text.size(); ++at) {
        if (quote == '"' && text[at] == '\\') {
            ++at;
        } else if (text[at] == quote) {
            const bool is_doubled = quote == '\'' && at + 1 < text.size() && text[at + 1] == quote;
            if (!is_doubled) return at + 1;
            ++at;
        }
    }
    return text.size();
}

std::size_t length_of_sign(std::string_view text) {
    for (const std::string_view sign : long_signs) {
        if (text.starts_with(sign)) return sign.size();
    }
    return length_while(text, 1, is_utf8_tail);
}

/// The token at the start of a text. @pre The text does not start with a blank.
Token first_of(std::string_view text) {
    if (text.empty()) return {};
    const char first = text.front();
    if (first == '\'' || first == '"') {
        return {.kind = Token::Kind::text, .text = text.substr(0, length_of_text(text))};
    }
    const bool is_signed = (first == '-' || first == '+') && text.size() > 1;
    if (ascii::is_digit(is_signed ? text[1] : first)) {
        return {.kind = Token::Kind::number,
                .text = text.substr(0, length_while(text, 1, is_number_character))};
    }
    if (is_word_character(first)) {
        return {.kind = Token::Kind::word,
                .text = text.substr(0, length_while(text, 1, is_word_character))};
    }
    return {.kind = Token::Kind::sign, .text = text.substr(0, length_of_sign(text))};
}

}  // namespace

std::vector<Token> lex(std::string_view text) {
    std::vector<Token> tokens;
    std::size_t position = 1;
    do {
        const std::size_t blanks = length_while(text, 0, is_space);
        text.remove_prefix(blanks);
        position += blanks;
        Token& token = tokens.emplace_back(first_of(text));
        token.position = position;
        token.blanks = blanks;
        text.remove_prefix(token.text.size());
        position += count_code_points(token.text).value_or(token.text.size());
    } while (tokens.back().kind != Token::Kind::end);
    return tokens;
}

bool is(const Token& token, std::string_view lower_case) noexcept {
    if (token.kind != Token::Kind::word && token.kind != Token::Kind::sign) return false;
    return std::ranges::equal(token.text, lower_case, [](char written, char wanted) {
        return ascii::lower(written) == wanted;
    });
}

}  // namespace webhooks::query
