#pragma once

#include <string>

#include "access.hpp"
#include "settings.hpp"

namespace server {

/// What the server prints once it can be reached: where, with which key, and lines to try it with.
/// @param port The one that is listened on; likewise metrics_port, 0 if there is none.
std::string greeting(const Settings& settings, const Access& access, std::uint16_t port,
                     std::uint16_t metrics_port, const webhooks::WebhookService& service);

}  // namespace server
