#include <algorithm>
#include <base/ascii.hpp>
#include <base/utf8.hpp>
#include <query/cursor.hpp>

namespace webhooks::query {
namespace {

constexpr std::size_t max_quoted_bytes = 60;

bool is_word_character(char c, bool is_first) {
    return ascii::is_letter(c) || c == '_' || (!is_first && ascii::is_digit(c));
}

bool is_tail(char c) {
    return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U;
}

}  // namespace

std::string Fault::message() const {
    std::string text = what;
    if (position != 0) text += " at character " + std::to_string(position);
    if (!hint.empty()) text += "; " + hint;
    return text;
}

std::string in_quotes(std::string_view text) {
    std::size_t end = std::min(text.size(), max_quoted_bytes);
    while (end < text.size() && end > 0 && is_tail(text[end])) {
        --end;
    }
    std::string shown(text.substr(0, end));
    if (!is_storable_text(shown)) return "'?'";
    for (std::size_t i = 0; i < shown.size(); ++i) {
        if (static_cast<unsigned char>(shown[i]) < 0x20 || shown[i] == 0x7F) shown[i] = '?';
        // U+0080 to U+009F, in UTF-8.
        const bool is_c1 = shown[i] == '\xC2' && static_cast<unsigned char>(shown[i + 1]) < 0xA0;
        if (is_c1) shown.replace(i, 2, "?");
    }
    return "'" + shown + (end < text.size() ? "...'" : "'");
}

void Cursor::advance(std::size_t bytes) noexcept {
    for (std::size_t i = 0; i < bytes; ++i) {
        if (!is_tail(text_[at_++])) ++position_;
    }
    steps_ += bytes;
}

void Cursor::back_to(const Cursor& earlier) noexcept {
    at_ = earlier.at_;
    position_ = earlier.position_;
}

bool Cursor::take(char wanted) noexcept {
    if (at_end() || peek() != wanted) return false;
    advance(1);
    return true;
}

bool Cursor::skip_blanks() noexcept {
    const std::size_t before = at_;
    while (ascii::is_blank(peek())) {
        advance(1);
    }
    return at_ != before;
}

std::string_view Cursor::peek_word() const noexcept {
    std::size_t length = 0;
    while (is_word_character(peek(length), length == 0)) {
        ++length;
    }
    steps_ += length;
    return rest().substr(0, length);
}

std::string_view Cursor::peek_character() const noexcept {
    std::size_t length = std::min<std::size_t>(rest().size(), 1);
    while (length != 0 && is_tail(peek(length))) {
        ++length;
    }
    return rest().substr(0, length);
}

bool Cursor::take_word(std::string_view lower_case) noexcept {
    const std::string_view word = peek_word();
    if (ascii::lower(word) != lower_case) return false;
    advance(word.size());
    return true;
}

}  // namespace webhooks::query
