#include <algorithm>
#include <array>
#include <charconv>
#include <transport/simple_response.hpp>

namespace webhooks::transport {
namespace {

constexpr std::string_view version = "HTTP/1.1 ";
constexpr std::string_view line_end = "\r\n";
/// They say how a response or its connection continues, or when to retry.
constexpr std::array<std::string_view, 6> unusual_names = {
    "transfer-encoding", "connection", "proxy-connection", "upgrade", "trailer", "retry-after"};

char to_lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
}

bool equals(std::string_view name, std::string_view lower) {
    return std::ranges::equal(name, lower, {}, to_lower);
}

bool is_printable(std::string_view text) {
    return std::ranges::all_of(text, [](char c) { return c >= ' ' && c <= '~'; });
}

bool is_plain_name(std::string_view name) {
    return !name.empty() && std::ranges::all_of(name, [](char c) {
        return (to_lower(c) >= 'a' && to_lower(c) <= 'z') || (c >= '0' && c <= '9') || c == '-';
    });
}

/// @return nullopt unless `text` is a number of 1 to `max_digits` digits and nothing else.
std::optional<std::size_t> number(std::string_view text, std::size_t max_digits) {
    std::size_t value = 0;
    if (text.empty() || text.size() > max_digits) return std::nullopt;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return value;
}

}  // namespace

std::optional<SimpleResponse> read_simple_response(std::string_view bytes, std::size_t max_head,
                                                   std::size_t max_body) noexcept {
    SimpleResponse answer;
    std::optional<std::size_t> length;
    std::string_view rest = bytes;
    const auto take_line = [&rest]() -> std::optional<std::string_view> {
        const std::size_t size = rest.find(line_end);
        if (size == std::string_view::npos) return std::nullopt;
        const std::string_view line = rest.substr(0, size);
        rest.remove_prefix(size + line_end.size());
        return line;
    };

    std::optional<std::string_view> line = take_line();
    if (!line || !line->starts_with(version) || !is_printable(*line)) return std::nullopt;
    const std::string_view status = line->substr(version.size());
    const std::optional<std::size_t> code = number(status.substr(0, 3), 3);
    if (!code || *code < 200 || *code > 299 || *code == 204) return std::nullopt;
    if (status.size() < 4 || status[3] != ' ') return std::nullopt;
    answer.status = static_cast<int>(*code);

    while ((line = take_line()) && !line->empty()) {
        const std::size_t colon = line->find(':');
        if (colon == std::string_view::npos) return std::nullopt;
        const std::string_view name = line->substr(0, colon);
        std::string_view value = line->substr(colon + 1);
        if (!is_plain_name(name) || !is_printable(value)) return std::nullopt;
        if (value.starts_with(' ')) value.remove_prefix(1);
        // Many servers say what is the default.
        if (equals(name, "connection") && equals(value, "keep-alive")) continue;
        if (std::ranges::any_of(unusual_names,
                                [&](std::string_view one) { return equals(name, one); })) {
            return std::nullopt;
        }
        if (equals(name, "content-length")) {
            if (length) return std::nullopt;
            length = number(value, 5);
            if (!length) return std::nullopt;
        }
    }
    if (!line || bytes.size() - rest.size() > max_head) return std::nullopt;
    if (!length || *length > max_body || rest.size() != *length) return std::nullopt;
    answer.body = rest;
    return answer;
}

}  // namespace webhooks::transport
