#pragma once

/// @file
/// A query with resolved fields and checked types: what storages translate.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>
#include <webhooks/error.hpp>
#include <webhooks/export.hpp>
#include <webhooks/query.hpp>

namespace webhooks::query {

/// Integers and times are both whole numbers here; a time is in milliseconds since 1970, the
/// resolution of the API.
enum class Type : std::uint8_t { boolean, number, text, time };

/// A member of the rows of a list.
struct Field {
    std::string_view name;
    Type type;
    /// Secrets and headers cannot be filtered or sorted by, only returned.
    bool is_comparable;
};

/// In the documented order; a field's index in its table is its column.
WEBHOOKS_EXPORT std::span<const Field> fields_of(ListKind kind);

/// Null is `monostate`.
using Value = std::variant<std::monostate, bool, std::int64_t, std::string>;

struct Operand {
    enum class Kind : std::uint8_t { field, constant, to_lower, to_upper, length };
    Kind kind = Kind::constant;
    Type type = Type::number;  ///< Of the result. Meaningless for a null constant.
    std::size_t field = 0;     ///< With `field`: the column.
    Value value = {};          ///< With `constant`.
    /// With a function: exactly one argument. A function of null is null.
    std::vector<Operand> arguments = {};

    bool is_function() const noexcept { return kind >= Kind::to_lower; }
};

/// Three-valued (true, false, unknown), with SQL's rules for and, or and not. A row matches if the
/// whole condition is true.
struct Condition {
    enum class Kind : std::uint8_t {
        constant,   ///< `is_true`
        field,      ///< operands[0], a boolean field, never null
        equal,      ///< Two-valued for null fields and null constants (null equals null); unknown
        not_equal,  ///< if a function returns null.
        less,       ///< Unknown if either side is null; the same for the next three.
        less_equal,
        greater,
        greater_equal,
        in,        ///< operands[0] equals one of operands[1..], constants that are not null.
        contains,  ///< operands[0] contains operands[1], a text constant; unknown if null.
        starts_with,
        ends_with,
        all_of,    ///< children, at least two
        any_of,    ///< children, at least two
        negation,  ///< children[0]
    };
    Kind kind = Kind::constant;
    bool is_true = true;
    std::vector<Operand> operands = {};
    std::vector<Condition> children = {};
};

struct SortColumn {
    std::size_t field = 0;
    bool is_descending = false;
};

/// What a storage executes.
struct Plan {
    std::optional<Condition> condition;
    /// Ends with the id.
    std::vector<SortColumn> order;
    std::uint32_t take = 0;  ///< At most max_take.
    std::uint32_t skip = 0;
    bool has_total = true;
    bool reads_payload = true;   ///< Events only, as the next one.
    bool reads_response = true;  ///< Otherwise it is left out.
    /// Only after this id, in the direction of `order`, which is then only the id.
    std::optional<std::int64_t> after;
};

/// What the payloads and responses of a page take; see `max_page_bytes`.
class PageSize {
public:
    /// @return whether the page is still small enough.
    bool add(std::size_t bytes) noexcept {
        bytes_ += bytes;
        return bytes_ <= max_page_bytes;
    }
    std::size_t left() const noexcept { return max_page_bytes - std::min(bytes_, max_page_bytes); }

private:
    std::size_t bytes_ = 0;
};

/// @return invalid_argument if the list is filtered or sorted by the payloads or the responses of
/// events, which a storage has encrypted.
WEBHOOKS_EXPORT Result<> check_encrypted(const Plan& plan);

/// @return invalid_argument with a FieldError for each wrong member.
WEBHOOKS_EXPORT Result<Plan> make_plan(const ListQuery& query, ListKind kind);

}  // namespace webhooks::query
