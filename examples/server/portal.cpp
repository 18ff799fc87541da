#include "portal.hpp"

#include <fstream>
#include <iterator>
#include <string>

namespace server {
namespace {

using webhooks::Error;
using webhooks::FieldError;
using webhooks::Result;
using webhooks::http::PortalOptions;

Result<std::string> read_file(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    std::string bytes{std::istreambuf_iterator<char>(file), {}};
    if (file.is_open() && !file.bad()) return bytes;
    return Error({FieldError{"brand.logo_file", "cannot be read: " + path}});
}

/// Whether anything says that a portal is wanted.
bool is_set(const PortalSettings& portal) {
    const webhooks::http::PortalBrand& brand = portal.options.brand;
    return !portal.options.frame_ancestors.empty() || !portal.options.egress_addresses.empty() ||
           !brand.name.empty() || !brand.accent.empty() || !brand.home_url.empty() ||
           !portal.logo_file.empty();
}

}  // namespace

Result<std::optional<PortalOptions>> read_portal(const Settings& settings) {
    const PortalSettings& portal = settings.portal;
    PortalOptions options = portal.options;
    if (options.public_url.empty() && !is_set(portal)) return std::optional<PortalOptions>();
    if (!portal.logo_file.empty()) {
        auto logo = read_file(portal.logo_file);
        if (!logo) return logo.error();
        options.brand.logo = *std::move(logo);
        if (options.brand.logo.empty()) {
            return Error({FieldError{"brand.logo_file", "is empty: " + portal.logo_file}});
        }
    }
    if (const auto valid = options.validate(); !valid) return valid.error();
    return std::optional(std::move(options));
}

}  // namespace server
