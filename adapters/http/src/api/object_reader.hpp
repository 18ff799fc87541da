#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <webhooks/subscription.hpp>
#include <webhooks/time.hpp>

#include "../json/object_parser.hpp"
#include "query.hpp"

namespace webhooks::http {

/// What is said of a text that is no time.
inline constexpr const char* not_a_time =
    "must be a time of RFC 3339, such as 2026-01-31T09:05:00Z";

/// What a failure class is called.
std::string_view failure_class_name(FailureClass failure);

/// Reads the members of a JSON object by name, in any case, and gathers all that is wrong with
/// them under their paths. A member that is null counts as absent, except to is_null().
class ObjectReader {
public:
    /// @param prefix of the paths, e.g. "subscription.".
    /// @param errors where to gather; a name that is there twice, in whatever case, is one.
    ObjectReader(json::Members members, std::string prefix, FieldErrors& errors);

    bool has(std::string_view name) const;
    bool is_null(std::string_view name) const;
    /// The value as it is written, null included.
    std::optional<std::string_view> raw(std::string_view name) const;
    std::optional<std::string> text(std::string_view name) const;
    std::optional<int> number(std::string_view name, int least, int most) const;
    std::optional<bool> flag(std::string_view name) const;
    std::optional<Time> time(std::string_view name) const;
    /// An array of names of failure classes.
    std::optional<RetryOn> retry_on(std::string_view name) const;
    /// An object of strings, or a string that holds one (as answers carry it).
    std::optional<Headers> headers(std::string_view name) const;
    /// Adds an error of a member.
    void add_error(std::string_view name, std::string message) const;

private:
    void check_names();

    json::Members members_;
    std::string prefix_;
    FieldErrors& errors_;
};

}  // namespace webhooks::http
