#pragma once

#include <memory>
#include <optional>
#include <webhooks/api_keys.hpp>
#include <webhooks/http/authenticator.hpp>

#include "settings.hpp"

namespace server {

/// Access to the REST API.
struct Access {
    std::shared_ptr<webhooks::http::Authenticator> authenticator;
    bool has_environment_key = false;
    /// The administrator's key, if this start created it: it is shown once.
    std::optional<webhooks::Secret> new_key;
    /// No key exists.
    bool needs_key = false;
    /// Opens the portal as an administrator, once. It is shown like a new key.
    std::optional<std::string> portal_link = {};
};

/// The keys of the storage and, if WEBHOOKS_ADMIN_KEY is set, that one. It is valid only while the
/// server runs with it and is never stored, so that changing it revokes the old one.
/// With `jwt.jwks_file` or `jwt.jwks_url`, tokens as well.
/// @return invalid_argument for a WEBHOOKS_ADMIN_KEY that cannot be a key, and for unusable `jwt`.
webhooks::Result<Access> open_access(const Settings& settings,
                                     std::shared_ptr<webhooks::ApiKeyStore> storage,
                                     std::shared_ptr<webhooks::Observer> log);

/// Without WEBHOOKS_ADMIN_KEY, creates a key for the administrator "admin" in a storage that has no
/// key yet. Call it when nothing can fail any more, because the key cannot be shown again.
/// @param may_show whether the caller may print the key; if not, none is created.
webhooks::Result<> make_first_key(std::shared_ptr<webhooks::ApiKeyStore> storage, bool may_show,
                                  Access& access);

/// With a portal, makes a link to it for the administrator "admin". Call it as `make_first_key`.
webhooks::Result<> make_portal_link(webhooks::WebhookService& service,
                                    const std::optional<webhooks::http::PortalOptions>& portal,
                                    bool may_show, Access& access);

}  // namespace server
