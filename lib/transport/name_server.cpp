#include <algorithm>
#include <charconv>
#include <transport/name_server.hpp>
#include <webhooks/endpoint.hpp>

namespace webhooks::transport {
namespace {

bool is_port(std::string_view text) {
    int port = 0;
    const char* const end = text.data() + text.size();
    const auto [rest, code] = std::from_chars(text.data(), end, port);
    return code == std::errc() && rest == end && port >= 1 && port <= 65'535;
}

}  // namespace

std::optional<std::string> canonical_name_server(std::string_view text) {
    std::string_view address = text;
    std::string_view port = "53";
    // Colons belong to the port or to the address: brackets decide.
    const bool has_brackets = text.starts_with('[');
    if (has_brackets || std::ranges::count(text, ':') == 1) {
        const std::size_t colon = text.rfind(':');
        const bool has_port = colon != text.npos && (!has_brackets || text[colon - 1] == ']');
        if (has_port) port = text.substr(colon + 1);
        address = has_port ? text.substr(0, colon) : text;
        if (has_brackets) {
            if (!address.ends_with(']')) return std::nullopt;
            address = address.substr(1, address.size() - 2);
        }
    }
    const Result<IpAddress> parsed = IpAddress::parse(address);
    if (!parsed || (has_brackets && !parsed->is_v6) || !is_port(port)) return std::nullopt;
    const std::string host = parsed->is_v6 ? "[" + parsed->to_string() + "]" : parsed->to_string();
    return host + ":" + std::string(port);
}

}  // namespace webhooks::transport
