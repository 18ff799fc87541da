#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>
#include <webhooks/permissions.hpp>
#include <webhooks/subscription.hpp>
#include <webhooks/time.hpp>

#include "../json/object_parser.hpp"
#include "query.hpp"

namespace webhooks::http {

/// The error message for a text that is not a time.
inline constexpr const char* not_a_time = "must be an RFC 3339 time, such as 2026-01-31T09:05:00Z";

/// What members are that an object does not have: in the documented API they are ignored.
enum class Unknown { rejected, ignored };

/// Reads the members of a JSON object by name, case-insensitively, and collects all errors under
/// their paths. A member that is null counts as absent, except for is_null().
class ObjectReader {
public:
    /// @param prefix of the paths, e.g. "subscription.".
    /// @param members those that will be read; asking for another throws std::out_of_range.
    /// @param errors receives the errors; a name that occurs twice, in any case, is one.
    /// @param unknown whether each other member is an error as well.
    ObjectReader(json::Members members, std::string prefix, FieldErrors& errors,
                 Unknown unknown = Unknown::rejected);

    bool has(std::string_view name) const { return given(name).has_value(); }
    bool is_null(std::string_view name) const;
    /// The value as written, including null.
    std::optional<std::string_view> raw(std::string_view name) const;
    std::optional<std::string> text(std::string_view name) const;
    std::optional<int> number(std::string_view name, int min, int max) const;
    /// An id: 1 - 2^53 - 1.
    std::optional<std::int64_t> id(std::string_view name) const;
    std::optional<bool> flag(std::string_view name) const;
    /// An array of strings.
    std::optional<std::vector<std::string>> texts(std::string_view name) const;
    std::optional<Time> time(std::string_view name) const;
    /// An array of names of failure classes.
    std::optional<RetryOn> retry_on(std::string_view name) const;
    /// An array of names of permissions.
    std::optional<Permissions> permissions(std::string_view name) const;
    /// An object of strings, or a string that contains one (as in responses).
    std::optional<Headers> headers(std::string_view name) const;
    /// Adds an error for a member.
    void add_error(std::string_view name, std::string message) const;

private:
    void reject_unknown() const;
    /// The value as written, unless it is null.
    std::optional<std::string_view> given(std::string_view name) const;

    json::Members members_;
    std::string prefix_;
    FieldErrors& errors_;
};

}  // namespace webhooks::http
