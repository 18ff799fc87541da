#pragma once

/// @file
/// JSON (RFC 8259), judged by Boost.JSON, of which the very bytes are kept: a member's value is a
/// piece of the text it came from, so that a payload can go out exactly as it was written.

#include <optional>
#include <string>
#include <string_view>
#include <vector>
#include <webhooks/error.hpp>

namespace webhooks::http::json {

/// Nested objects and arrays, the outermost counted.
inline constexpr std::size_t max_depth = 32;

struct Member {
    std::string name;        ///< Decoded.
    std::string_view value;  ///< As written, without the white space around it.
};
using Members = std::vector<Member>;

/// Takes an object apart. The whole text is checked: syntax, UTF-8, depth, no lone surrogate, no
/// exponent beyond `int`; and no U+0000 in names and strings.
/// @param raw_member name (any case) of a member of the object in whose value U+0000 may be
/// escaped: it is never decoded here.
/// @return the members in their order, repeated names included; they point into `text`.
/// invalid_argument, with a detail but without fields, for text that is not one object.
Result<Members> parse_object(std::string_view text, std::string_view raw_member = {});

/// An object with a list of objects in it, taken apart.
struct ListObject {
    Members members;  ///< Of the object; the list is one of them.
    /// The members of each object in the list, nullopt for any other value; empty if the list is
    /// absent or no array. Of a list that is too long, one more than the maximum.
    std::vector<std::optional<Members>> list;
};

/// As `parse_object`, and takes apart the objects in one of its members; `max_depth` counts from
/// each of these.
/// @param list name (any case) of that member.
/// @param raw_member as in `parse_object`, of the objects in the list.
Result<ListObject> parse_list_object(std::string_view text, std::string_view list,
                                     std::size_t max_size, std::string_view raw_member);

}  // namespace webhooks::http::json
