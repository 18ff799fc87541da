#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "settings.hpp"

/// @file
/// From text to the values of settings.

namespace server {

/// What is wrong with a text, for a person; empty when nothing is. The value is left as it was
/// then.
using Fault = std::string;

Fault parse(const std::string& text, std::string& value);
Fault parse(const std::string& text, bool& value);
Fault parse(const std::string& text, int& value);
Fault parse(const std::string& text, std::size_t& value);
Fault parse(const std::string& text, double& value);
/// A whole number and its unit, e.g. "500ms", "15 s", "5min", "2h".
Fault parse(const std::string& text, std::chrono::milliseconds& value);
Fault parse(const std::string& text, std::chrono::seconds& value);
Fault parse(const std::string& text, Listen& value);
Fault parse(const std::string& text, StorageChoice& value);
Fault parse(const std::string& text, LogFormat& value);
Fault parse(const std::string& text, webhooks::LogLevel& value);
/// A port; 0 picks a free one.
Fault parse(const std::string& text, std::optional<std::uint16_t>& value);
Fault parse(const std::string& text, webhooks::Network& value);
/// "NAME=DESCRIPTION"
Fault parse(const std::string& text, webhooks::EventType& value);

}  // namespace server
