#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace webhooks::transport {

/// Converts an entry of HttpTransportOptions::name_servers to `ADDRESS:PORT` or `[ADDRESS]:PORT`;
/// nullopt for anything else.
std::optional<std::string> canonical_name_server(std::string_view text);

}  // namespace webhooks::transport
