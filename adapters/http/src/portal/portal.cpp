#include "portal.hpp"

#include <algorithm>
#include <cmath>
#include <utility>
#include <webhooks/version.hpp>

#include "../ascii.hpp"
#include "../json/writer.hpp"
#include "assets.hpp"
#include "image.hpp"

namespace webhooks::http {
namespace {

// ---- Header fields.

Fields with_common(Fields fields) {
    fields.push_back({"Referrer-Policy", "no-referrer"});
    fields.push_back({"Cross-Origin-Resource-Policy", "same-origin"});
    return fields;
}

Response file(std::string_view type, std::string_view cache_control, std::string body) {
    return {.status = 200,
            .fields = with_common({{"Content-Type", std::string(type)},
                                   {"Cache-Control", std::string(cache_control)}}),
            .body = std::move(body)};
}

constexpr std::string_view no_store = "no-store";
/// Another content has another path.
constexpr std::string_view immutable = "public, max-age=31536000, immutable";

Response asset_file(const PortalAsset& asset) {
    const bool is_script = asset.name.ends_with(".js");
    return file(is_script ? "text/javascript; charset=utf-8" : "text/css; charset=utf-8", immutable,
                std::string(asset.text));
}

/// The page may run its own script and call its own server; everything else is forbidden to it.
std::string policy(const std::vector<std::string>& frame_ancestors) {
    std::string text =
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
        "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors";
    for (const std::string& origin : frame_ancestors)
        text += ' ' + origin;
    if (frame_ancestors.empty()) text += " 'none'";
    return text + "; require-trusted-types-for 'script'; trusted-types 'none'";
}

Response make_page(const PortalOptions& options) {
    Response response =
        file("text/html; charset=utf-8", no_store, std::string(portal_assets().page));
    response.fields.push_back({"Content-Security-Policy", policy(options.frame_ancestors)});
    // It cannot name origins, and browsers that know frame-ancestors ignore it.
    if (options.frame_ancestors.empty()) response.fields.push_back({"X-Frame-Options", "DENY"});
    return response;
}

std::optional<Response> make_logo(const PortalBrand& brand) {
    if (brand.logo.empty()) return std::nullopt;
    Response response = file(image_type(brand.logo), "no-cache", brand.logo);
    response.fields.push_back(
        {"Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; sandbox"});
    return response;
}

// ---- The brand.

/// The relative luminance of a color "#rrggbb" (WCAG 2.2): 0 is black, 1 is white.
double luminance_of(std::string_view color) {
    const auto channel = [&](std::size_t at) {
        const int value = hex_value(color[at]) * 16 + hex_value(color[at + 1]);
        const double part = value / 255.0;
        return part <= 0.04045 ? part / 12.92 : std::pow((part + 0.055) / 1.055, 2.4);
    };
    return 0.2126 * channel(1) + 0.7152 * channel(3) + 0.0722 * channel(5);
}

/// Black or white, whichever has more contrast: it is 4.58 or more on every color.
std::string_view text_color_on(std::string_view color) {
    const double luminance = luminance_of(color);
    const double with_white = 1.05 / (luminance + 0.05);
    const double with_black = (luminance + 0.05) / 0.05;
    return with_white >= with_black ? "#ffffff" : "#000000";
}

std::string_view color_scheme_of(PortalAppearance appearance) {
    switch (appearance) {
        case PortalAppearance::light:
            return "light";
        case PortalAppearance::dark:
            return "dark";
        case PortalAppearance::automatic:
            break;
    }
    return "light dark";
}

std::string_view name_of(PortalAppearance appearance) {
    return appearance == PortalAppearance::automatic ? "auto" : color_scheme_of(appearance);
}

/// Of validated values only.
std::string brand_css(const PortalOptions& options) {
    std::string text = ":root{color-scheme:" + std::string(color_scheme_of(options.appearance));
    if (const std::string& accent = options.brand.accent; !accent.empty()) {
        text += ";--accent:" + accent + ";--on-accent:" + std::string(text_color_on(accent));
    }
    return text + "}\n";
}

// ---- The configuration of the page.

std::string config_json(const PortalOptions& options, std::string_view base_path,
                        const ServiceOptions& service) {
    json::Writer writer;
    writer.begin_object().member("apiBase", ".." + std::string(base_path) + "/");
    writer.key("brand")
        .begin_object()
        .member("name", options.brand.name)
        .member("homeUrl", options.brand.home_url)
        .member("hasLogo", !options.brand.logo.empty())
        .end_object();
    writer.member("appearance", name_of(options.appearance));
    writer.key("egressAddresses").begin_array();
    for (const std::string& address : options.egress_addresses)
        writer.value(address);
    writer.end_array().member("showOperator", options.show_operator);
    writer.key("retrySchedule").begin_array();
    for (const auto delay : service.retry_schedule)
        writer.value(delay.count());
    writer.end_array();
    writer.key("logWhileDeactivated").begin_array();
    if (service.log_while_deactivated.failing) writer.value("failing");
    if (service.log_while_deactivated.gone) writer.value("gone");
    writer.end_array().member("version", WEBHOOKS_VERSION).end_object();
    return writer.take();
}

}  // namespace

Portal::Portal(const PortalOptions& options, std::string_view base_path,
               const ServiceOptions& service)
    : options_(options),
      page_(make_page(options)),
      assets_(make_assets()),
      brand_style_(file("text/css; charset=utf-8", "no-cache", brand_css(options))),
      logo_(make_logo(options.brand)),
      config_(file("application/json; charset=utf-8", no_store,
                   config_json(options, base_path, service))) {}

std::vector<Portal::Asset> Portal::make_assets() {
    std::vector<Asset> assets;
    for (const PortalAsset& asset : portal_assets().files)
        assets.push_back({asset.name, asset_file(asset)});
    return assets;
}

const Response* Portal::asset(std::string_view name) const noexcept {
    const auto found = std::ranges::find(assets_, name, &Asset::name);
    return found == assets_.end() ? nullptr : &found->response;
}

}  // namespace webhooks::http
