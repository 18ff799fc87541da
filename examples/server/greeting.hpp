#pragma once

#include <string>

#include "access.hpp"
#include "settings.hpp"

namespace server {

/// The server's output once it is reachable: its address, its key, and sample commands.
/// @param port The port it listens on.
std::string greeting(const Settings& settings, const Access& access, std::uint16_t port,
                     const webhooks::WebhookService& service);

}  // namespace server
