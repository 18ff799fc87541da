#pragma once

/// @file
/// JSON (RFC 8259) that keeps hold of the very bytes: a member's value is a piece of the text it
/// came from, so that a payload can go out exactly as it was written.

#include <optional>
#include <string>
#include <string_view>
#include <vector>
#include <webhooks/error.hpp>

namespace webhooks::http::json {

/// Objects and arrays in each other, the outermost counted.
inline constexpr int max_depth = 32;

struct Member {
    std::string name;        ///< Decoded.
    std::string_view value;  ///< As written, without the white space around it.
};
using Members = std::vector<Member>;

/// Takes an object apart. The whole text is checked: syntax, UTF-8 and depth everywhere; and, in
/// names and strings, that there is no lone surrogate and no U+0000.
/// @param as_written name (any case) of a member of the object in whose value strings are checked
/// for syntax and UTF-8 alone: nobody here decodes them.
/// @return the members in their order, repeated names included; they point into `text`.
/// invalid_argument, with a detail but without fields, for text that is not one object.
Result<Members> parse_object(std::string_view text, std::string_view as_written = {});

/// An object with a list of objects in it, taken apart.
struct ListObject {
    Members members;  ///< Of the object; the list is one of them.
    /// The members of each object in the list, nothing for what is no object; empty where the list
    /// is absent or no array. Of a list that is too long, one more than the most.
    std::vector<std::optional<Members>> list;
};

/// As `parse_object`, and takes apart the objects in one of its members; levels are counted anew in
/// each of them.
/// @param list name (any case) of that member.
/// @param as_written as in `parse_object`, of the objects in the list.
Result<ListObject> parse_list_object(std::string_view text, std::string_view list, std::size_t most,
                                     std::string_view as_written);

}  // namespace webhooks::http::json
