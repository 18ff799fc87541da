#pragma once

#include <string>

#include "access.hpp"
#include "settings.hpp"

namespace server {

/// Where the server is, without a path.
std::string root_url(const Settings& settings, std::uint16_t port);

/// The server's output once it is reachable: its addresses, its key, and sample commands.
/// @param port The port it listens on.
/// @param metrics_port That of the metrics; 0 if there is none.
std::string greeting(const Settings& settings, const Access& access, std::uint16_t port,
                     std::uint16_t metrics_port, const webhooks::WebhookService& service);

}  // namespace server
