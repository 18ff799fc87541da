#include <endpoint/bad_ports.hpp>
#include <endpoint/ip_text.hpp>
#include <endpoint/punycode.hpp>

namespace webhooks {
namespace {

using endpoint::parse_decimal;
using endpoint::parse_ip;

constexpr std::size_t max_url_bytes = 2048;
constexpr std::size_t max_host_bytes = 253;
constexpr std::size_t max_label_bytes = 63;

/// Why a text is not an acceptable URL; nullptr: no error found.
using UrlError = const char*;

constexpr UrlError bad_host =
    "must have a host name of letters, digits, '-', '_' and '.' whose last label starts with a "
    "letter, an IPv4 address of four decimal numbers, or an IPv6 address in brackets";

struct Parts {
    bool is_https = false;
    std::string_view host;  ///< Without brackets.
    bool is_bracketed = false;
    std::string_view port;
    std::string_view target;  ///< Without the fragment; may lack the leading slash.
};

bool has_broken_escape(std::string_view text) {
    for (std::size_t i = text.find('%'); i != text.npos; i = text.find('%', i + 1)) {
        if (i + 2 >= text.size() || ascii::hex_value(text[i + 1]) < 0 ||
            ascii::hex_value(text[i + 2]) < 0) {
            return true;
        }
    }
    return false;
}

UrlError check_characters(std::string_view text) {
    if (text.size() > max_url_bytes) return "must be at most 2048 bytes long";
    if (!std::ranges::all_of(text, ascii::is_visible) ||
        text.find_first_of("\\\"<>") != text.npos) {
        return "must be printable ASCII without spaces, backslashes and \" < >; write "
               "international "
               "names in punycode and other characters as % escapes";
    }
    if (has_broken_escape(text)) return "must have two hexadecimal digits after each %";
    return nullptr;
}

bool take_scheme(std::string_view& text, std::string_view scheme) {
    if (text.size() < scheme.size() || ascii::lower(text.substr(0, scheme.size())) != scheme) {
        return false;
    }
    text.remove_prefix(scheme.size());
    return true;
}

/// An empty port means the scheme's default.
UrlError split_authority(std::string_view authority, Parts& parts) {
    if (authority.empty()) return "must be an absolute http or https URL with a host";
    if (authority.find('@') != authority.npos) return "must not have a user name or password";
    if (authority.find('%') != authority.npos) return "must not have % escapes in its host";
    parts.is_bracketed = authority[0] == '[';
    const std::size_t end = authority.find(parts.is_bracketed ? ']' : ':');
    if (parts.is_bracketed && end == authority.npos) return bad_host;
    parts.host = authority.substr(parts.is_bracketed, end - parts.is_bracketed);
    std::string_view rest = authority.substr(std::min(authority.size(), end));
    if (parts.is_bracketed) rest.remove_prefix(1);
    if (!rest.empty() && rest[0] != ':') return bad_host;
    parts.port = rest.substr(std::min<std::size_t>(1, rest.size()));
    return nullptr;
}

UrlError split(std::string_view text, Parts& parts) {
    parts.is_https = take_scheme(text, "https://");
    if (!parts.is_https && !take_scheme(text, "http://")) {
        const bool has_scheme = text.find("://") != text.npos;
        const bool has_start = !text.empty() && ascii::is_alphanumeric(text.front());
        return has_start && !has_scheme
                   ? "must be an absolute http or https URL; begin it with https://"
                   : "must be an absolute http or https URL";
    }
    text = text.substr(0, text.find('#'));
    const std::size_t end = std::min(text.size(), text.find_first_of("/?"));
    parts.target = text.substr(end);
    return split_authority(text.substr(0, end), parts);
}

bool is_ascii_or_punycode(std::string_view label) {
    constexpr std::string_view prefix = "xn--";
    return ascii::lower(label.substr(0, prefix.size())) != prefix ||
           endpoint::Punycode::is_valid(label.substr(prefix.size()));
}

bool is_label(std::string_view label) {
    return !label.empty() && label.size() <= max_label_bytes && label.front() != '-' &&
           label.back() != '-' && is_ascii_or_punycode(label) &&
           std::ranges::all_of(
               label, [](char c) { return ascii::is_alphanumeric(c) || c == '-' || c == '_'; });
}

/// The last label starts with a letter; some resolvers take anything else for a number, and so for
/// an address: 2130706433, 0x7f.1 and 127.1 all mean 127.0.0.1.
bool is_name(std::string_view name) {
    if (name.size() > max_host_bytes) return false;
    while (true) {
        const std::size_t dot = name.find('.');
        const std::string_view label = name.substr(0, dot);
        if (!is_label(label)) return false;
        if (dot == name.npos) return ascii::is_letter(label[0]);
        name.remove_prefix(dot + 1);
    }
}

/// Normalizes the host, and determines whether it is an address.
UrlError normalise_host(const Parts& parts, std::string& host, bool& is_address) {
    std::string_view text = parts.host;
    if (!parts.is_bracketed && text.ends_with('.')) text.remove_suffix(1);
    const auto address = parse_ip(text);
    is_address = address.has_value();
    if (parts.is_bracketed && !(is_address && address->is_v6)) return bad_host;
    if (!is_address && !is_name(text)) return bad_host;
    if (is_address && endpoint::contains(endpoint::ipv4_mapped, *address)) {
        return "must write an IPv4 address as four decimal numbers";
    }
    host = is_address ? address->to_string() : ascii::lower(text);
    return nullptr;
}

UrlError parse_port(const Parts& parts, std::uint16_t& port) {
    const auto number =
        parts.port.empty() ? (parts.is_https ? 443 : 80) : parse_decimal(parts.port, 65535);
    if (!number || *number == 0) return "must have a port from 1 to 65535 in plain digits";
    if (std::ranges::binary_search(endpoint::bad_ports, *number)) {
        return "must not have a port that belongs to another protocol";
    }
    port = static_cast<std::uint16_t>(*number);
    return nullptr;
}

std::string with_slash(std::string_view target) {
    return (target.starts_with('/') ? "" : "/") + std::string(target);
}

}  // namespace

Result<EndpointUrl> EndpointUrl::parse(std::string_view text) {
    Parts parts;
    EndpointUrl url;
    std::string host;
    UrlError error = check_characters(text);
    if (!error) error = split(text, parts);
    if (!error) error = normalise_host(parts, host, url.host_is_address_);
    if (!error) error = parse_port(parts, url.port_);
    if (error) return Error(std::vector<FieldError>{{"url", error}});

    const auto size = [](std::string_view part) { return static_cast<std::uint16_t>(part.size()); };
    const std::string bracketed = parts.is_bracketed ? '[' + host + ']' : host;
    const std::string port = ':' + std::to_string(url.port_);
    const std::string scheme = parts.is_https ? "https://" : "http://";
    const std::string origin = scheme + bracketed + port;
    const bool has_default_port = url.port_ == (parts.is_https ? 443 : 80);
    url.is_https_ = parts.is_https;
    url.text_ = origin + with_slash(parts.target);
    url.text_.shrink_to_fit();
    url.origin_size_ = size(origin);
    url.authority_at_ = size(scheme);
    url.authority_size_ = has_default_port ? size(bracketed) : size(bracketed + port);
    url.host_at_ = static_cast<std::uint16_t>(url.authority_at_ + (parts.is_bracketed ? 1 : 0));
    url.host_size_ = size(host);
    return url;
}

}  // namespace webhooks
