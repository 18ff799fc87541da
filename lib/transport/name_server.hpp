#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace webhooks::transport {

/// `ADDRESS:PORT` or `[ADDRESS]:PORT` for what HttpTransportOptions::name_servers takes; nothing
/// for anything else.
std::optional<std::string> canonical_name_server(std::string_view text);

}  // namespace webhooks::transport
