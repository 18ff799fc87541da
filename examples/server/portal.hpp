#pragma once

#include <optional>
#include <webhooks/http/portal.hpp>

#include "settings.hpp"

namespace server {

/// The portal that the settings ask for, if any. Reads the file of the logo.
/// @return invalid_argument that names the wrong option of `portal`.
webhooks::Result<std::optional<webhooks::http::PortalOptions>> read_portal(const Settings&);

}  // namespace server
