#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace webhooks::query {

/// What is wrong with a parameter, and where.
struct Fault {
    std::string what;
    std::size_t position = 0;  ///< The character, from 1; 0: no particular one.
    std::string hint = {};

    /// "what at character N; hint".
    std::string message() const;
};

/// A part of the input as a message may quote it: short, valid UTF-8, no control characters.
std::string in_quotes(std::string_view text);

/// Reads a text from left to right. Positions count code points, from 1.
class Cursor {
public:
    explicit Cursor(std::string_view text) : text_(text) {}

    bool at_end() const noexcept { return at_ == text_.size(); }
    char peek(std::size_t ahead = 0) const noexcept {
        return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0';
    }
    std::string_view rest() const noexcept { return text_.substr(at_); }
    std::size_t offset() const noexcept { return at_; }
    std::string_view since(std::size_t offset) const noexcept {
        return text_.substr(offset, at_ - offset);
    }
    /// The character that comes next.
    std::size_t position() const noexcept { return position_; }

    void advance(std::size_t bytes) noexcept;
    /// To where an earlier copy of this cursor stands.
    void back_to(const Cursor& earlier) noexcept;
    bool take(char wanted) noexcept;
    /// Blanks and tabs. @return whether there were any.
    bool skip_blanks() noexcept;
    /// A letter or `_`, then letters, digits, `_`; empty where there is none. Takes nothing.
    std::string_view peek_word() const noexcept;
    /// The bytes of one character; empty at the end. Takes nothing.
    std::string_view peek_character() const noexcept;
    /// A word in any case, and not a longer one. @return whether it was there, and is taken.
    bool take_word(std::string_view lower_case) noexcept;

    /// How many bytes were looked at, those that were gone back over included.
    std::size_t steps() const noexcept { return steps_; }

private:
    std::string_view text_;
    std::size_t at_ = 0;
    std::size_t position_ = 1;
    mutable std::size_t steps_ = 0;
};

}  // namespace webhooks::query
