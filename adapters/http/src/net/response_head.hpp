#pragma once

#include <ctime>
#include <string>

#include <webhooks/http/message.hpp>

namespace webhooks::http {

/// The status line, which always says HTTP/1.1, and the fields, including the empty line.
/// @param now for the Date field.
/// @param keep_alive whether the connection stays open.
std::string format_head(const Response& response, std::time_t now, bool keep_alive);

}  // namespace webhooks::http
