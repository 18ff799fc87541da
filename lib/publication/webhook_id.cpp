#include <charconv>
#include <cstdio>
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
    char text[48];
    const int length = std::snprintf(text, sizeof text, "%016llx_%lld",
                                     static_cast<unsigned long long>(id.worker_tag),
                                     static_cast<long long>(id.event.value));
    return {text, static_cast<std::size_t>(length)};
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
