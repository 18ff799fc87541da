#pragma once

/// @file
/// Converts the values of JSON text that parse_object() found valid. Each function returns nullopt
/// for a value of another type.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace webhooks::http::json {

std::optional<std::string> to_string(std::string_view raw);
/// 64-bit integers, also written as `9.0` or `90e-1`, which mean the same in JSON. Never rounds.
std::optional<std::int64_t> to_integer(std::string_view raw);
std::optional<bool> to_bool(std::string_view raw);
/// An array of strings.
std::optional<std::vector<std::string>> to_strings(std::string_view raw);
bool is_null(std::string_view raw);

}  // namespace webhooks::http::json
