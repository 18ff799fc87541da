#include <algorithm>
#include <base/utf8.hpp>
#include <query/syntax_error.hpp>

namespace webhooks::query {
namespace {

constexpr std::size_t max_quoted_bytes = 60;

}  // namespace

std::string SyntaxError::message() const {
    std::string text = what;
    if (position != 0) text += " at character " + std::to_string(position);
    if (!hint.empty()) text += "; " + hint;
    return text;
}

std::string in_quotes(std::string_view text) {
    std::size_t end = std::min(text.size(), max_quoted_bytes);
    while (end < text.size() && end > 0 && is_utf8_tail(text[end])) {
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

}  // namespace webhooks::query
