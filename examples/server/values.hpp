#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "settings.hpp"

/// @file
/// Conversion of text to the values of settings.

namespace server {

/// A human-readable error in a text; empty if it is valid. On error the value is unchanged.
using ErrorText = std::string;

ErrorText parse(const std::string& text, std::string& value);
ErrorText parse(const std::string& text, bool& value);
ErrorText parse(const std::string& text, int& value);
ErrorText parse(const std::string& text, std::size_t& value);
ErrorText parse(const std::string& text, double& value);
/// A whole number and its unit, e.g. "500ms", "15 s", "5min", "2h".
ErrorText parse(const std::string& text, std::chrono::milliseconds& value);
ErrorText parse(const std::string& text, std::chrono::seconds& value);
ErrorText parse(const std::string& text, Listen& value);
ErrorText parse(const std::string& text, StorageChoice& value);
ErrorText parse(const std::string& text, LogFormat& value);
ErrorText parse(const std::string& text, webhooks::LogLevel& value);
/// A port; 0 picks a free one.
ErrorText parse(const std::string& text, std::optional<std::uint16_t>& value);
ErrorText parse(const std::string& text, webhooks::Network& value);
ErrorText parse(const std::string& text, webhooks::http::PortalAppearance& value);
ErrorText parse(const std::string& text, webhooks::Permission& value);
/// RFC 3339.
ErrorText parse(const std::string& text, std::optional<webhooks::Time>& value);
/// "NAME=DESCRIPTION"
ErrorText parse(const std::string& text, webhooks::EventType& value);

/// The text that `parse` reads. Empty for what is off or not set.
std::string to_text(const std::string& value);
std::string to_text(bool value);
std::string to_text(int value);
std::string to_text(std::size_t value);
std::string to_text(double value);
std::string to_text(std::chrono::milliseconds value);
std::string to_text(const Listen& value);
std::string to_text(const StorageChoice& value);
std::string to_text(LogFormat value);
std::string to_text(webhooks::LogLevel value);
std::string to_text(std::optional<std::uint16_t> value);
std::string to_text(const webhooks::Network& value);
std::string to_text(webhooks::http::PortalAppearance value);
std::string to_text(webhooks::Permission value);
std::string to_text(const std::optional<webhooks::Time>& value);
std::string to_text(const webhooks::EventType& value);

}  // namespace server
