#pragma once

#include <optional>
#include <string>
#include <string_view>
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
    const Response& script() const noexcept { return script_; }
    const Response& operator_script() const noexcept { return operator_script_; }
    const Response& style_sheet() const noexcept { return style_sheet_; }
    /// The colors of the brand, as variables of CSS.
    const Response& brand_style() const noexcept { return brand_style_; }
    const std::optional<Response>& logo() const noexcept { return logo_; }
    /// What the page needs before anyone is known.
    const Response& config() const noexcept { return config_; }

private:
    const PortalOptions options_;
    const Response page_;
    const Response script_;
    const Response operator_script_;
    const Response style_sheet_;
    const Response brand_style_;
    const std::optional<Response> logo_;
    const Response config_;
};

}  // namespace webhooks::http
