#include "target.hpp"

#include <algorithm>
#include <boost/asio/ip/address_v6.hpp>

#include "ascii.hpp"

namespace webhooks::http {
namespace {

bool is_target_character(char c) {
    return c > ' ' && c < 0x7f && c != '#';
}

bool is_name_character(char c) {
    return is_digit(c) || is_alpha(c) ||
           std::string_view("-._~!$&'()*+,;=").find(c) != std::string_view::npos;
}

/// `reg-name`, which includes IPv4 addresses.
bool is_name(std::string_view text) {
    while (!text.empty()) {
        const bool is_escape = text.size() >= 3 && text[0] == '%' && hex_value(text[1]) >= 0 &&
                               hex_value(text[2]) >= 0;
        if (!is_escape && !is_name_character(text.front())) return false;
        text.remove_prefix(is_escape ? 3 : 1);
    }
    return true;
}

/// `IP-literal` without its brackets. Zones and later versions of IP are not accepted.
bool is_ipv6_address(std::string_view text) {
    boost::system::error_code error;
    boost::asio::ip::make_address_v6(std::string(text), error);
    return !error && text.find('%') == std::string_view::npos;
}

}  // namespace

bool is_authority(std::string_view text) {
    const bool is_literal = text.starts_with('[');
    const std::size_t end = std::min(text.find(is_literal ? ']' : ':'), text.size());
    if (is_literal ? !is_ipv6_address(text.substr(1, end - 1)) : !is_name(text.substr(0, end))) {
        return false;
    }
    if (is_literal && end == text.size()) return false;
    const std::string_view rest = text.substr(is_literal ? end + 1 : end);
    return rest.empty() ||
           (rest.front() == ':' && std::all_of(rest.begin() + 1, rest.end(), is_digit));
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
