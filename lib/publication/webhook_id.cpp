#include <algorithm>
#include <charconv>
#include <publication/webhook_id.hpp>

namespace webhooks {
namespace {

constexpr std::size_t tag_digits = 16;

template <class T>
void parse_number(std::string_view text, T& number, int base) {
    std::from_chars(text.data(), text.data() + text.size(), number, base);
}

}  // namespace

std::string to_string(const WebhookId& id) {
    constexpr std::size_t max_number_digits = 20;
    char tag[tag_digits];
    char text[tag_digits + 1 + max_number_digits];
    const auto tag_size =
        static_cast<std::size_t>(std::to_chars(tag, std::end(tag), id.worker_tag, 16).ptr - tag);
    std::fill_n(text, tag_digits - tag_size, '0');
    std::copy_n(tag, tag_size, text + tag_digits - tag_size);
    text[tag_digits] = '_';
    return {text, std::to_chars(text + tag_digits + 1, std::end(text), id.event.value).ptr};
}

std::optional<WebhookId> parse_webhook_id(std::string_view text) {
    if (text.size() <= tag_digits || text[tag_digits] != '_') return std::nullopt;
    WebhookId id;
    parse_number(text.substr(0, tag_digits), id.worker_tag, 16);
    parse_number(text.substr(tag_digits + 1), id.event.value, 10);
    if (to_string(id) != text) return std::nullopt;
    return id;
}

}  // namespace webhooks
