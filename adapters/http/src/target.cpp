#include "target.hpp"

#include <algorithm>

#include "ascii.hpp"

namespace webhooks::http {
namespace {

bool is_target_character(char c) {
    return c > ' ' && c < 0x7f && c != '#';
}

}  // namespace

bool is_authority(std::string_view text) {
    return std::all_of(text.begin(), text.end(), [](char c) {
        return is_digit(c) || is_alpha(c) ||
               std::string_view("-._~%!$&'()*+,;=:[]").find(c) != std::string_view::npos;
    });
}

std::optional<Target> split_target(std::string_view text) {
    if (!std::all_of(text.begin(), text.end(), is_target_character)) return {};
    Target target;
    for (const std::string_view scheme : {"http://", "https://"}) {
        if (!iequals(text.substr(0, scheme.size()), scheme)) continue;
        text.remove_prefix(scheme.size());
        const std::size_t end = std::min(text.find_first_of("/?"), text.size());
        if (end == 0 || !is_authority(text.substr(0, end))) return {};
        text.remove_prefix(end);
        if (text.empty() || text.front() == '?') target.path = "/";
        break;
    }
    if (target.path.empty() && !text.starts_with('/') && text != "*") return {};
    const std::size_t question = std::min(text.find('?'), text.size());
    if (target.path.empty()) target.path = text.substr(0, question);
    target.query = text.substr(std::min(question + 1, text.size()));
    return target;
}

}  // namespace webhooks::http
