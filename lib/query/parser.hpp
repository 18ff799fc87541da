#pragma once

#include <optional>
#include <query/cursor.hpp>
#include <query/node.hpp>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace webhooks::query {

/// Limits of part "Limits" in docs/list-queries.md.
inline constexpr std::size_t max_filter_bytes = 2048;
inline constexpr std::size_t max_depth = 16;
inline constexpr std::size_t max_conditions = 64;
inline constexpr std::size_t max_list_items = 100;
inline constexpr std::size_t max_literal_bytes = 1024;
inline constexpr std::size_t max_sort_keys = 8;
inline constexpr std::size_t max_relations = 8;

/// Reads a filter. In linear time, and with a stack of bounded depth.
/// @param steps grows by the bytes looked at, so that a test can tell the time without a clock.
std::variant<NodePtr, Fault> parse_filter(std::string_view text, std::size_t* steps = nullptr);

/// A name of a comma-separated list, with the word behind it.
struct ListItem {
    std::string name;
    std::string modifier = {};  ///< Lower case; empty where there is none.
    std::size_t position = 0;
};

/// Reads `name [WS modifier] { [WS] "," [WS] name [WS modifier] }`.
/// @param wanted what a name stands for, for messages.
std::variant<std::vector<ListItem>, Fault> parse_names(std::string_view text, const char* wanted);

}  // namespace webhooks::query
