#pragma once

#include <ctime>
#include <string>

#include <webhooks/http/message.hpp>

namespace webhooks::http {

/// The status line, which always says HTTP/1.1, and the fields, up to and with the empty line.
/// @param now for the Date field.
/// @param keep_alive what to tell the client of the connection's future.
std::string format_head(const Response& response, std::time_t now, bool keep_alive);

}  // namespace webhooks::http
