#pragma once

#include <initializer_list>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>
#include <webhooks/error.hpp>
#include <webhooks/query.hpp>
#include <webhooks/time.hpp>

namespace webhooks::http {

using FieldErrors = std::vector<FieldError>;

/// Whether `+` means a space, as in query strings, or a plus, as in paths.
enum class Blank { from_escape_only, from_plus_too };

/// @return nullopt if a `%` is not followed by two hexadecimal digits.
std::optional<std::string> percent_decode(std::string_view text, Blank);

/// The parameters of a query string, found by name, case-insensitively.
class QueryParameters {
public:
    /// @param query must outlive this object.
    explicit QueryParameters(std::string_view query);

    /// Whether it occurs, with or without a value.
    bool has(std::string_view name) const;

    /// In lower case, in their order, with a '?' in place of each character that is not visible
    /// ASCII. One whose escapes are broken has its name as it was written.
    std::vector<std::string> names() const;

    /// Whether it occurs without a value.
    bool is_empty(std::string_view name) const;

    /// The decoded value; nullopt if it is absent or empty. A parameter that occurs twice (an alias
    /// counts) or cannot be decoded is an error under its `name`.
    /// @param alias another name, or empty.
    std::optional<std::string> find(std::string_view name, std::string_view alias,
                                    FieldErrors& errors) const;

    /// Whether a `&` within its value seems to have ended it: what follows looks like no parameter.
    bool seems_cut(std::string_view name, std::string_view alias) const;
    /// The name, in lower case, of the parameter that `&&` ends, which happens if a value is not
    /// percent-encoded. nullopt if there is none.
    const std::optional<std::string>& ended_by_two() const noexcept { return ended_by_two_; }

private:
    struct Parameter {
        std::string name;
        std::string_view raw_value;
        bool has_value;  ///< There is a `=`.

        bool is_named(std::string_view name, std::string_view alias) const;
    };
    std::vector<Parameter> parameters_;
    std::optional<std::string> ended_by_two_;
};

/// The error message for a parameter without a value that would mean something else than none.
inline constexpr const char* not_empty = "must not be empty; leave it out";
/// The parameters of a list and their aliases, as in `Operation::parameters`.
inline constexpr std::string_view list_parameters =
    "select filter sort include take skip after count "
    "$select $filter $orderby $expand $top $skip $count";

/// Adds an error for each parameter that is not among the known ones, a text with blanks between
/// them.
void reject_unknown(const QueryParameters& parameters, std::string_view known, FieldErrors& errors);
/// Adds an error for each of these parameters that occurs without a value.
void reject_empty(const QueryParameters& parameters, std::initializer_list<const char*> names,
                  FieldErrors& errors);
/// A parameter that is `true` or `false`; false if it is absent or wrong.
bool find_flag(const QueryParameters& parameters, const char* name, FieldErrors& errors);
/// A parameter that is a time; nullopt if it is absent or wrong.
std::optional<Time> find_time(const QueryParameters& parameters, const char* name,
                              FieldErrors& errors);

/// Reads the parameters of a list and their `$` aliases.
/// @return invalid_argument that names every wrong parameter.
Result<ListQuery> read_list_query(std::string_view query, ListKind kind, std::stop_token stop = {});

}  // namespace webhooks::http
