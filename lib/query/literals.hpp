#pragma once

#include <cstdint>
#include <optional>
#include <query/syntax_error.hpp>
#include <string>
#include <string_view>
#include <variant>

namespace webhooks::query {

/// A number in the form in which it is compared with whole numbers.
struct Whole {
    std::int64_t floor = 0;
    bool has_fraction = false;

    bool operator==(const Whole&) const = default;
};

/// Parses `["+"|"-"] 1*DIGIT ["." 1*DIGIT] ["e" ["+"|"-"] 1*DIGIT]`, exactly.
/// @return nullopt beyond 64 bits. @pre `text` has this form.
std::optional<Whole> parse_number(std::string_view text);

/// Whether a text has the form that `parse_number` parses.
bool is_number(std::string_view text);

/// Parses a time in the format of base/time_text.hpp.
/// @return milliseconds since 1970; nullopt for any other text.
std::optional<Whole> parse_time(std::string_view text);

/// Reads a text with its quotes: `'it''s'`, or `"it\"s"` with the escapes `\"`, `\\`, `\n`, `\r`,
/// `\t` and `\uXXXX`.
/// @param position the character that the text begins at, for the error.
std::variant<std::string, SyntaxError> parse_text(std::string_view quoted, std::size_t position);

}  // namespace webhooks::query
