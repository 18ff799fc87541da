#pragma once

#include <cstdint>
#include <query/node.hpp>
#include <query/syntax_error.hpp>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace webhooks::query {

/// The limits of the section "Limits" in docs/list-queries.md.
inline constexpr std::size_t max_filter_bytes = 2048;
inline constexpr std::size_t max_depth = 16;
inline constexpr std::size_t max_conditions = 64;
inline constexpr std::size_t max_list_items = 100;
inline constexpr std::size_t max_literal_bytes = 1024;
inline constexpr std::size_t max_sort_keys = 8;
inline constexpr std::size_t max_relations = 8;
inline constexpr std::size_t max_chained_calls = 4;

inline constexpr std::size_t max_segments = 16;
inline constexpr std::size_t max_lambda_depth = 2;

/// What the names in a filter denote.
enum class Grammar : std::uint8_t {
    list,     ///< The fields of a list.
    payload,  ///< `eventType`, and paths into the payload of an event.
};

/// Parses a filter, in the spelling of OData, of System.Linq.Dynamic.Core, or both mixed. Takes
/// linear time, and a stack of bounded depth.
/// @param steps grows with the number of tokens read, so that a test can measure time without a
/// clock.
std::variant<NodePtr, SyntaxError> parse_filter(std::string_view text, std::size_t* steps = nullptr,
                                                Grammar grammar = Grammar::list);

/// A name in a comma-separated list, with the word after it.
struct ListItem {
    std::string name;
    std::string modifier = {};  ///< Lower case; empty if there is none.
    std::size_t position = 0;
    std::size_t modifier_position = 0;
};
using ListItems = std::vector<ListItem>;

/// Parses `name [WS modifier] { [WS] "," [WS] name [WS modifier] }`.
/// @param wanted what the names denote, for messages.
std::variant<ListItems, SyntaxError> parse_names(std::string_view text, const char* wanted);

/// Parses names without modifiers, or `new(name, name)`.
std::variant<ListItems, SyntaxError> parse_selection(std::string_view text);

}  // namespace webhooks::query
