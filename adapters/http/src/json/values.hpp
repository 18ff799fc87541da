#pragma once

/// @file
/// The values of JSON text that parse_object() found valid. Each function returns nullopt for a
/// value of another kind.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace webhooks::http::json {

std::optional<std::string> to_string(std::string_view raw);
/// Whole numbers of 64 bits, also as `9.0` and `90e-1`: to JSON these are the same. Never rounds.
std::optional<std::int64_t> to_integer(std::string_view raw);
std::optional<bool> to_bool(std::string_view raw);
bool is_null(std::string_view raw);

}  // namespace webhooks::http::json
