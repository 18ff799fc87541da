#include "../api/answers.hpp"
#include "../api/operations.hpp"
#include "assets.hpp"
#include "portal.hpp"

namespace webhooks::http {
namespace {

Response nothing_here() {
    return failure(404, "There is nothing at this path.");
}

}  // namespace

/// Relative links need the slash. So does this one, for a proxy that serves the portal elsewhere.
Result<Response> get_portal_page(WebhookService&, const Call& call) {
    if (call.path.ends_with('/')) return call.portal->page();
    return Response{.status = 308, .fields = {{"Location", "portal/"}}};
}

Result<Response> get_portal_asset(WebhookService&, const Call& call) {
    // A page of before an update has loaded its files already, and says so if it needs a module.
    if (call.asset_hash != portal_assets().hash) return nothing_here();
    const Response* const asset = call.portal->asset(call.asset_name);
    return asset ? *asset : nothing_here();
}

Result<Response> get_portal_brand_style(WebhookService&, const Call& call) {
    return call.portal->brand_style();
}

Result<Response> get_portal_logo(WebhookService&, const Call& call) {
    const std::optional<Response>& logo = call.portal->logo();
    // Without an icon of the page, browsers ask for one at the root of the host.
    return logo ? *logo : Response{.status = 204};
}

Result<Response> get_portal_config(WebhookService&, const Call& call) {
    return call.portal->config();
}

}  // namespace webhooks::http
