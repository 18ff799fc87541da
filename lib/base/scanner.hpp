#pragma once

#include <algorithm>
#include <base/ascii.hpp>
#include <optional>
#include <string_view>

namespace webhooks {

/// Removes tokens from the front of a text.
class Scanner {
public:
    explicit Scanner(std::string_view text) : text_(text) {}

    bool at_end() const { return text_.empty(); }

    bool take(char wanted) {
        if (text_.empty() || ascii::lower(text_.front()) != wanted) return false;
        text_.remove_prefix(1);
        return true;
    }

    std::string_view digits(std::size_t max = std::string_view::npos) {
        std::size_t length = 0;
        while (length < std::min(max, text_.size()) && ascii::is_digit(text_[length])) {
            ++length;
        }
        const std::string_view found = text_.substr(0, length);
        text_.remove_prefix(length);
        return found;
    }

    /// Exactly this many digits, as a number within the range.
    std::optional<int> number(std::size_t length, int min, int max) {
        const std::string_view text = digits(length);
        if (text.size() != length) return std::nullopt;
        int value = 0;
        for (const char c : text) {
            value = value * 10 + (c - '0');
        }
        return value >= min && value <= max ? std::optional(value) : std::nullopt;
    }

private:
    std::string_view text_;
};

}  // namespace webhooks
