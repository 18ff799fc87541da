#pragma once

#include <cstdint>
#include <string>
#include <vector>
#include <webhooks/error.hpp>
#include <webhooks/export.hpp>
#include <webhooks/secret.hpp>

namespace WEBHOOKS_EXPORT webhooks {
namespace http {

/// What the portal looks like, so that customers recognize whose it is.
struct PortalBrand {
    std::string name = {};      ///< At most 64 characters. Empty: the page has no name of its own.
    std::string accent = {};    ///< The colour of buttons and links, "#rrggbb". Empty: the page's.
    std::string logo = {};      ///< The bytes of a PNG or SVG file, at most 64 KiB. Empty: none.
    std::string home_url = {};  ///< Where the page links to when a session has ended; http(s).
};

enum class PortalAppearance : std::uint8_t {
    automatic,  ///< Light or dark, as the reader's system.
    light,
    dark,
};

/// The page at `/portal/` on which customers manage their own webhooks, and operators everyone's.
/// How a host embeds it, and what it relies on: docs/portal.md.
struct PortalOptions {
    /// Where the root of this server is for a browser, e.g. "https://hooks.example.com" or
    /// "https://example.com/hooks": links to the portal begin with it. Required; http or https,
    /// without a query.
    std::string public_url = {};
    /// The origins whose pages may show the portal in a frame: `https://host`, `https://host:port`,
    /// or `https://*.host` for all names below it. At most 20. Empty: none.
    std::vector<std::string> frame_ancestors = {};
    PortalBrand brand = {};
    PortalAppearance appearance = PortalAppearance::automatic;
    /// The addresses that deliveries come from, for the firewalls of customers: shown as they are.
    /// At most 100, each 1-64 printable ASCII characters.
    std::vector<std::string> egress_addresses = {};
    /// Whether the page has the views for operators.
    bool show_operator = true;

    /// @return invalid_argument with one FieldError for each invalid member.
    Result<> validate() const;
    /// The link that begins a session (`PortalSessions::create`). The code is in its fragment,
    /// which no browser sends to a server.
    std::string link(const Secret& code) const;
};

}  // namespace http
}  // namespace webhooks
