#include <algorithm>
#include <base/ascii.hpp>
#include <base/utf8.hpp>
#include <transport/text.hpp>

namespace webhooks::transport {
namespace {

constexpr std::string_view replacement = "\xEF\xBF\xBD";
constexpr std::size_t longest_sequence = 4;

/// The length of the sequence at the start of `text`; 0 if there is none.
std::size_t sequence_length(std::string_view text) {
    for (std::size_t length = 1; length <= std::min(longest_sequence, text.size()); ++length) {
        if (is_storable_text(text.substr(0, length))) return length;
    }
    return 0;
}

bool may_go_on(std::string_view text) {
    return text.size() < longest_sequence && static_cast<unsigned char>(text.front()) >= 0xC2;
}

}  // namespace

std::string storable_text(std::string_view bytes, std::size_t limit, bool is_cut) {
    std::string text;
    while (!bytes.empty()) {
        const std::size_t length = sequence_length(bytes);
        if (length == 0 && is_cut && may_go_on(bytes)) break;
        const std::string_view next = length == 0 ? replacement : bytes.substr(0, length);
        if (text.size() + next.size() > limit) break;
        text += next;
        bytes.remove_prefix(std::max<std::size_t>(length, 1));
    }
    return text;
}

bool is_header_value(std::string_view text) noexcept {
    return !text.empty() && ascii::is_visible(text.front()) && ascii::is_visible(text.back()) &&
           ascii::is_printable(text);
}

}  // namespace webhooks::transport
