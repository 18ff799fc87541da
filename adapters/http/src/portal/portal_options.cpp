#include <algorithm>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/string.hpp>
#include <string>
#include <string_view>
#include <vector>
#include <webhooks/endpoint.hpp>
#include <webhooks/http/portal.hpp>

#include "../ascii.hpp"
#include "image.hpp"

namespace webhooks::http {
namespace {

constexpr std::ptrdiff_t max_name_characters = 64;
constexpr std::size_t max_logo_bytes = 64 * 1024;
constexpr std::size_t max_frame_ancestors = 20;
constexpr std::size_t max_egress_addresses = 100;
constexpr std::size_t max_address_length = 64;

bool is_printable(std::string_view text) {
    return std::ranges::all_of(text, [](char c) { return c >= ' ' && c < 0x7f; });
}

/// Whether it can be written into JSON: well-formed UTF-8, which Boost.JSON checks.
bool is_utf8(std::string_view text) {
    boost::system::error_code error;
    boost::json::parse(boost::json::serialize(boost::json::string(text)), error);
    return !error;
}

bool is_name(std::string_view text) {
    const bool has_control =
        std::ranges::any_of(text, [](unsigned char c) { return c < ' ' || c == 0x7f; });
    const auto characters =
        std::ranges::count_if(text, [](unsigned char c) { return (c & 0xc0U) != 0x80U; });
    return !has_control && characters <= max_name_characters && is_utf8(text);
}

bool is_color(std::string_view text) {
    return text.size() == 7 && text[0] == '#' &&
           std::ranges::all_of(text.substr(1), [](char c) { return hex_value(c) >= 0; });
}

bool is_absolute_url(const std::string& text) {
    return EndpointUrl::parse(text) && text.find('#') == std::string::npos;
}

bool is_public_url(const std::string& text) {
    return is_absolute_url(text) && text.find('?') == std::string::npos;
}

/// An origin, as `EndpointUrl` reads it, so that nothing else can get into the header.
bool is_frame_ancestor(const std::string& text) {
    constexpr std::string_view scheme = "https://";
    if (!text.starts_with(scheme)) return false;
    std::string_view rest = std::string_view(text).substr(scheme.size());
    const bool is_wildcard = rest.starts_with("*.");
    if (is_wildcard) rest.remove_prefix(2);
    const auto url = EndpointUrl::parse(std::string(scheme) + std::string(rest));
    if (!url || rest.find_first_of("/?#;, ") != std::string_view::npos) return false;
    return !is_wildcard || !url->host_is_address();
}

}  // namespace

Result<> PortalOptions::validate() const {
    std::vector<FieldError> errors;
    const auto expect = [&](bool is_right, std::string field, const char* message) {
        if (!is_right) errors.push_back({std::move(field), message});
    };
    expect(is_public_url(public_url), "public_url",
           "must be an absolute http or https URL without a query, such as "
           "https://hooks.example.com");
    expect(frame_ancestors.size() <= max_frame_ancestors, "frame_ancestors",
           "must be at most 20 origins");
    for (const std::string& origin : frame_ancestors) {
        expect(
            is_frame_ancestor(origin), "frame_ancestors",
            "must be origins such as https://app.example.com or https://*.example.com, without a "
            "path");
    }
    expect(is_name(brand.name), "brand.name",
           "must be at most 64 characters of UTF-8, without control characters");
    expect(brand.accent.empty() || is_color(brand.accent), "brand.accent",
           "must be a color such as #1a73e8");
    expect(brand.logo.empty() || !image_type(brand.logo).empty(), "brand.logo",
           "must be a PNG or SVG image");
    expect(brand.logo.size() <= max_logo_bytes, "brand.logo", "must be at most 64 KiB");
    expect(brand.home_url.empty() || is_absolute_url(brand.home_url), "brand.home_url",
           "must be an absolute http or https URL");
    expect(egress_addresses.size() <= max_egress_addresses, "egress_addresses",
           "must be at most 100 addresses");
    for (const std::string& address : egress_addresses) {
        expect(!address.empty() && address.size() <= max_address_length && is_printable(address),
               "egress_addresses", "must each be 1 to 64 printable ASCII characters");
    }
    if (errors.empty()) return {};
    return Error(std::move(errors));
}

std::string PortalOptions::link(const Secret& code) const {
    std::string root = public_url;
    while (root.ends_with('/'))
        root.pop_back();
    return root + "/portal/#code=" + std::string(code.reveal());
}

}  // namespace webhooks::http
