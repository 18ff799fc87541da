#pragma once

/// @file
/// JSON (RFC 8259), validated by Boost.JSON, with the original bytes kept: a member's value is a
/// part of the text, so that a payload can be sent exactly as written.

#include <functional>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>
#include <webhooks/error.hpp>

namespace webhooks::http::json {

/// The maximum nesting of objects and arrays, including the outermost.
inline constexpr std::size_t max_depth = 32;

/// Names of members, case-insensitive: literals, which outlive what is read.
using Names = std::initializer_list<std::string_view>;

struct Member {
    std::string_view name;   ///< As requested.
    std::string_view value;  ///< As written, without surrounding white space. Empty: it is absent.
    bool is_repeated = false;  ///< `value` is then the first one.
};

/// The requested members of an object, and the names of some others.
class Members {
public:
    explicit Members(Names names);

    /// Stores a member that was requested, or the name of another one.
    /// @param quoted_name as written.
    void add(std::string_view quoted_name, std::string_view value);

    /// @param name case-insensitive. Throws std::out_of_range if it was not requested.
    const Member& at(std::string_view name) const;

    /// One for each name, in the order of the names.
    const std::vector<Member>& all() const noexcept { return members_; }

    /// The names of the first members that were not requested, decoded.
    const std::vector<std::string>& unknown() const noexcept { return unknown_; }

private:
    std::vector<Member> members_;
    std::vector<std::string> unknown_;
};

/// Extracts members from an object. The whole text is checked: syntax, UTF-8, depth, no lone
/// surrogate, no exponent beyond `int`, and no U+0000 in names and strings.
/// @param raw_member name (case-insensitive) of a member of the object whose value may contain an
/// escaped U+0000: it is never decoded here.
/// @return members that point into `text`. invalid_argument, with a detail but without fields, for
/// text that is not one object.
Result<Members> parse_object(std::string_view text, Names names, std::string_view raw_member = {});

/// An object that contains another one.
struct NestedObject {
    Members members;                    ///< Of the outer object: only the inner one.
    std::optional<Members> inner = {};  ///< nullopt if it is absent or not an object.
};

/// As `parse_object` for an object in an object; `max_depth` applies to each of its members by
/// itself.
/// @param outer the name of the member that contains the inner object.
/// @param names, raw_member as in `parse_object`, for the inner object.
Result<NestedObject> parse_nested_object(std::string_view text, std::string_view outer, Names names,
                                         std::string_view raw_member);

/// Checks an object as `parse_object` does, and visits its members in order, including repeated
/// ones.
/// @param use gets the decoded name, and the value as written; returns false to stop.
Result<> visit_members(std::string_view text,
                       const std::function<bool(std::string, std::string_view)>& use);

/// An object that contains a list of objects.
struct ListObject {
    Members members;  ///< Of the object: only the list.
    /// The members of each object in the list, nullopt for any other value; empty if the list is
    /// absent or not an array. If the list is too long, one more than the maximum.
    std::vector<std::optional<Members>> list;
};

/// As `parse_object` for the objects in a list; `max_depth` applies to each of them separately.
/// @param list the name of the member that contains the list.
/// @param names, raw_member as in `parse_object`, for the objects in the list.
Result<ListObject> parse_list_object(std::string_view text, std::string_view list,
                                     std::size_t max_size, Names names,
                                     std::string_view raw_member);

}  // namespace webhooks::http::json
