#pragma once

#include <span>
#include <string_view>

namespace webhooks::http {

/// A file at `/portal/assets/{hash}/{name}`.
struct PortalAsset {
    std::string_view name;
    std::string_view text;
};

/// The committed files of adapters/http/portal, as the build embeds them.
struct PortalAssets {
    std::string_view hash;  ///< Of `files`, for their path.
    std::string_view page;  ///< index.html, with the hash in its links.
    /// The script, the style sheet, and the modules that the script loads when it needs them.
    std::span<const PortalAsset> files;
};

const PortalAssets& portal_assets();

}  // namespace webhooks::http
