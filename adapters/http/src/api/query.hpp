#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>
#include <webhooks/error.hpp>
#include <webhooks/query.hpp>

namespace webhooks::http {

using FieldErrors = std::vector<FieldError>;

/// What reads as a blank beside `%20`: in query strings `+` does, in paths it is a plus.
enum class Blank { from_escape_alone, from_plus_too };

/// @return nothing where a `%` is not followed by two hexadecimal digits.
std::optional<std::string> percent_decode(std::string_view text, Blank);

/// The parameters of a query string, found by name without regard to case.
class QueryParameters {
public:
    /// @param query must outlive this object.
    explicit QueryParameters(std::string_view query);

    /// It is there without a value.
    bool is_empty(std::string_view name) const;

    /// The value, decoded; nothing where it is absent or empty. A parameter that is given twice
    /// (an alias counts) or cannot be decoded is an error under its `name`.
    /// @param alias another spelling of the name, or empty.
    std::optional<std::string> find(std::string_view name, std::string_view alias,
                                    FieldErrors& errors) const;

private:
    struct Parameter {
        std::string name;
        std::string_view raw_value;
    };
    std::vector<Parameter> parameters_;
};

/// Reads the parameters of a list and their `$` aliases.
/// @return invalid_argument that names every wrong parameter.
Result<ListQuery> read_list_query(std::string_view query, ListKind kind);

}  // namespace webhooks::http
