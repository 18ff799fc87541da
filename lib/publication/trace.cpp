#include <algorithm>
#include <base/ascii.hpp>
#include <cstdio>
#include <set>
#include <webhooks/trace.hpp>

namespace webhooks {
namespace {

constexpr std::size_t max_tracestate = 512;
constexpr std::size_t max_members = 32;
constexpr std::size_t traceparent_size = 55;
constexpr std::size_t parent_at = 36;

bool is_lower_hex(std::string_view text) {
    return std::ranges::all_of(text,
                               [](char c) { return ascii::is_digit(c) || (c >= 'a' && c <= 'f'); });
}

/// An id of lower-case hexadecimal digits, not all zero.
bool is_id(std::string_view text) {
    return is_lower_hex(text) && text.find_first_not_of('0') != std::string_view::npos;
}

bool is_traceparent(std::string_view text) {
    return text.size() == traceparent_size && text.starts_with("00-") &&
           is_id(text.substr(3, 32)) && text[35] == '-' && is_id(text.substr(parent_at, 16)) &&
           text[52] == '-' && is_lower_hex(text.substr(53));
}

bool is_lower(char c) {
    return c >= 'a' && c <= 'z';
}

bool is_key_part(std::string_view part, std::size_t max, bool may_begin_with_digit) {
    if (part.empty() || part.size() > max) return false;
    if (!is_lower(part.front()) && !(may_begin_with_digit && ascii::is_digit(part.front()))) {
        return false;
    }
    return std::ranges::all_of(part, [](char c) {
        return is_lower(c) || ascii::is_digit(c) || c == '_' || c == '-' || c == '*' || c == '/';
    });
}

/// A name, or "tenant@system".
bool is_key(std::string_view key) {
    const std::size_t at = key.find('@');
    if (at == std::string_view::npos) return is_key_part(key, 256, false);
    return is_key_part(key.substr(0, at), 241, true) && is_key_part(key.substr(at + 1), 14, false);
}

bool is_value(std::string_view value) {
    return !value.empty() && value.size() <= 256 && value.back() != ' ' &&
           std::ranges::all_of(
               value, [](char c) { return ascii::is_printable(c) && c != ',' && c != '='; });
}

/// A list of members "key=value" with different keys; empty members are allowed.
bool is_tracestate(std::string_view text) {
    if (text.size() > max_tracestate) return false;
    std::set<std::string_view> keys;
    while (!text.empty()) {
        const std::size_t comma = std::min(text.find(','), text.size());
        const std::string_view member = ascii::trimmed(text.substr(0, comma));
        text.remove_prefix(std::min(comma + 1, text.size()));
        if (member.empty()) continue;
        const std::size_t equals = std::min(member.find('='), member.size());
        const std::string_view value = member.substr(std::min(equals + 1, member.size()));
        if (!is_key(member.substr(0, equals)) || !is_value(value)) return false;
        if (!keys.insert(member.substr(0, equals)).second) return false;
    }
    return keys.size() <= max_members;
}

}  // namespace

std::optional<TraceContext> TraceContext::parse(std::string_view traceparent,
                                                std::string_view tracestate) {
    traceparent = ascii::trimmed(traceparent);
    if (!is_traceparent(traceparent)) return std::nullopt;
    TraceContext context{.traceparent = std::string(traceparent)};
    if (is_tracestate(tracestate)) context.tracestate = ascii::trimmed(tracestate);
    return context;
}

std::string_view TraceContext::trace_id() const noexcept {
    const std::string_view text = traceparent;
    return text.size() == traceparent_size ? text.substr(3, 32) : std::string_view();
}

TraceContext TraceContext::child(std::uint64_t parent_id) const {
    char id[17];
    std::snprintf(id, sizeof id, "%016llx", static_cast<unsigned long long>(parent_id));
    TraceContext made = *this;
    if (made.traceparent.size() == traceparent_size) made.traceparent.replace(parent_at, 16, id);
    return made;
}

}  // namespace webhooks
