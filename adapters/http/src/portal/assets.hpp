#pragma once

#include <string_view>

namespace webhooks::http {

/// The committed files of adapters/http/portal, as the build embeds them.
struct PortalAssets {
    std::string_view hash;  ///< Of the scripts and the style sheet, for their path.
    std::string_view page;  ///< index.html, with the hash in its links.
    std::string_view script;
    std::string_view operator_script;  ///< A module that the script loads for operators.
    std::string_view style_sheet;
};

const PortalAssets& portal_assets();

}  // namespace webhooks::http
