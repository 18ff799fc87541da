#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>
#include <webhooks/http/message.hpp>
#include <webhooks/http/portal.hpp>
#include <webhooks/options.hpp>

namespace webhooks::http {

/// The responses that make up the portal's page. They are the same for everyone, contain nothing
/// secret, and are made once.
class Portal {
public:
    /// @pre The options are valid.
    Portal(const PortalOptions& options, std::string_view base_path, const ServiceOptions& service);

    const PortalOptions& options() const noexcept { return options_; }

    const Response& page() const noexcept { return page_; }
    /// A script or the style sheet; null if there is no such file.
    const Response* asset(std::string_view name) const noexcept;
    /// The colors of the brand, as variables of CSS.
    const Response& brand_style() const noexcept { return brand_style_; }
    const std::optional<Response>& logo() const noexcept { return logo_; }
    /// What the page needs before anyone is known.
    const Response& config() const noexcept { return config_; }

private:
    const PortalOptions options_;
    const Response page_;
    struct Asset {
        std::string_view name;
        Response response;
    };
    static std::vector<Asset> make_assets();

    const std::vector<Asset> assets_;
    const Response brand_style_;
    const std::optional<Response> logo_;
    const Response config_;
};

}  // namespace webhooks::http
