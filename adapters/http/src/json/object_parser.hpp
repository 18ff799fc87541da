#pragma once

/// @file
/// JSON (RFC 8259), judged by Boost.JSON, of which the very bytes are kept: a member's value is a
/// piece of the text it came from, so that a payload can go out exactly as it was written.

#include <functional>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>
#include <webhooks/error.hpp>

namespace webhooks::http::json {

/// Nested objects and arrays, the outermost counted.
inline constexpr std::size_t max_depth = 32;

/// Names of members, read in any case: literals, which outlive what is read.
using Names = std::initializer_list<std::string_view>;

struct Member {
    std::string_view name;     ///< As it was asked for.
    std::string_view value;    ///< As written, without white space around it. Empty: it is absent.
    bool is_repeated = false;  ///< The value is then the first.
};

/// The members of an object that were asked for. Of others, however many there are, nothing is
/// kept.
class Members {
public:
    explicit Members(Names names);

    /// Takes in a member, unless it was not asked for.
    /// @param quoted_name as written.
    void add(std::string_view quoted_name, std::string_view value);

    /// @param name in any case. Throws std::out_of_range if it was not asked for.
    const Member& at(std::string_view name) const;

    /// One for each name, in order of the names.
    const std::vector<Member>& all() const noexcept { return members_; }

private:
    std::vector<Member> members_;
};

/// Takes members out of an object. The whole text is checked: syntax, UTF-8, depth, no lone
/// surrogate, no exponent beyond `int`; and no U+0000 in names and strings.
/// @param raw_member name (any case) of a member of the object in whose value U+0000 may be
/// escaped: it is never decoded here.
/// @return members that point into `text`. invalid_argument, with a detail but without fields, for
/// text that is not one object.
Result<Members> parse_object(std::string_view text, Names names, std::string_view raw_member = {});

/// Checks an object as `parse_object` does, and shows its members in their order, repeated ones
/// included.
/// @param use gets the name, decoded, and the value as written; returns false to end the visit.
Result<> visit_members(std::string_view text,
                       const std::function<bool(std::string, std::string_view)>& use);

/// An object with a list of objects in it, taken apart.
struct ListObject {
    Members members;  ///< Of the object: the list alone.
    /// The members of each object in the list, nullopt for any other value; empty if the list is
    /// absent or no array. Of a list that is too long, one more than the maximum.
    std::vector<std::optional<Members>> list;
};

/// As `parse_object` for the objects in a member of an object; `max_depth` counts from each of
/// these.
/// @param list name of that member.
/// @param names, raw_member as in `parse_object`, of the objects in the list.
Result<ListObject> parse_list_object(std::string_view text, std::string_view list,
                                     std::size_t max_size, Names names,
                                     std::string_view raw_member);

}  // namespace webhooks::http::json
