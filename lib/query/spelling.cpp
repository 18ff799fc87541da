#include <query/spelling.hpp>
#include <span>

namespace webhooks::query {
namespace {

using Kind = Node::Kind;

constexpr Spelling comparisons[] = {
    {"eq", Kind::equal},         {"=", Kind::equal},       {"==", Kind::equal},
    {"ne", Kind::not_equal},     {"!=", Kind::not_equal},  {"<>", Kind::not_equal},
    {"gt", Kind::greater},       {">", Kind::greater},     {"ge", Kind::greater_equal},
    {">=", Kind::greater_equal}, {"lt", Kind::less},       {"<", Kind::less},
    {"le", Kind::less_equal},    {"<=", Kind::less_equal},
};
constexpr Spelling tests[] = {
    {"contains", Kind::contains}, {"startswith", Kind::starts_with}, {"endswith", Kind::ends_with}};
constexpr Spelling functions[] = {
    {"tolower", Kind::to_lower}, {"toupper", Kind::to_upper}, {"length", Kind::length}};

constexpr const char* arithmetic = "arithmetic is not supported";
constexpr const char* compare_directly = "compare a field with a value, as in id gt 500";
constexpr const char* conditional = "'?:' is not supported";
constexpr const char* join = "join conditions by 'and' and 'or'";
constexpr const char* plain_values =
    "write the value itself: 'text', 12, true, 2026-01-31T09:05:00Z";
constexpr const char* lambda = "lambdas are not supported";
constexpr const char* name_a_field = "name a field and compare it: name eq 'x'";
constexpr const char* part_of_time = "parts of a time are not supported";
constexpr const char* compare_times =
    "compare it with times: x ge 2026-01-01 and x lt 2027-01-01, where x is the time";

constexpr Unsupported unsupported[] = {
    {"+", arithmetic, compare_directly},
    {"-", arithmetic, compare_directly},
    {"*", arithmetic, compare_directly},
    {"/", "'/' is not supported", compare_directly},
    {"%", arithmetic, compare_directly},
    {"add", arithmetic, compare_directly},
    {"sub", arithmetic, compare_directly},
    {"mul", arithmetic, compare_directly},
    {"div", arithmetic, compare_directly},
    {"divby", arithmetic, compare_directly},
    {"mod", arithmetic, compare_directly},
    {"?", conditional, join},
    {":", conditional, join},
    {"iif", conditional, join},
    {"??", "'?\?' is not supported", "test for absence: eq null"},
    {"?.", "'?.' is not supported", "write a point alone: a function of null leaves the row out"},
    {"[", "indexers and arrays are not supported", "a list is written name in ('a','b')"},
    {"{", "braces are not supported", "a list is written name in ('a','b')"},
    {"new", "'new' is not supported in a filter",
     "a list is written name in ('a','b'), a time DateTime(2026,11,1)"},
    {"=>", lambda, "name a field and compare it: name eq 'x'; 'at least' is '>=' or ge"},
    {"it", "'it' without a field is not supported", name_a_field},
    {"@", "parameters are not supported", plain_values},
    {"&", "'&' is not supported", "write 'and' or '&&'"},
    {"|", "'|' is not supported", "write 'or' or '||'"},
    {"gte", "'gte' is not an operator", "did you mean 'ge'?"},
    {"lte", "'lte' is not an operator", "did you mean 'le'?"},
    {"neq", "'neq' is not an operator", "did you mean 'ne'?"},
    {"equals", "'equals' is not an operator", "did you mean 'eq'?"},
    {"is", "'is' is not an operator", "write eq, as in x eq null"},
    {"like", "'like' is not an operator", "write contains(name,'part')"},
};

constexpr std::string_view types[] = {
    "bool",   "boolean", "byte",  "char",   "convert",  "dateonly", "decimal",
    "double", "float",   "guid",  "int",    "int16",    "int32",    "int64",
    "long",   "math",    "short", "single", "timeonly", "timespan",
};
constexpr Unsupported unsupported_type = {
    {}, "types other than DateTime and DateTimeOffset are not supported", plain_values};

constexpr Unsupported unsupported_members[] = {
    {"equals", "'Equals' is not supported", "compare by eq or =="},
    {"hasvalue", "'HasValue' is not supported", "compare the field: ne null"},
    {"value", "'Value' is not supported", "name the field alone"},
    {"any", lambda, name_a_field},
    {"all", lambda, name_a_field},
    {"count", lambda, name_a_field},
    {"where", lambda, name_a_field},
    {"year", part_of_time, compare_times},
    {"month", part_of_time, compare_times},
    {"day", part_of_time, compare_times},
    {"dayofweek", part_of_time, compare_times},
    {"hour", part_of_time, compare_times},
    {"minute", part_of_time, compare_times},
    {"second", part_of_time, compare_times},
    {"date", part_of_time, compare_times},
};

template <class Row>
const Row* find(std::span<const Row> rows, const Token& token) noexcept {
    for (const Row& row : rows) {
        if (is(token, row.text)) return &row;
    }
    return nullptr;
}

}  // namespace

const Spelling* find_comparison(const Token& token) noexcept {
    return find<Spelling>(comparisons, token);
}

const Spelling* find_test(const Token& token) noexcept {
    return find<Spelling>(tests, token);
}

const Spelling* find_function(const Token& token) noexcept {
    return find<Spelling>(functions, token);
}

bool is_and(const Token& token) noexcept {
    return is(token, "and") || is(token, "&&") || is(token, "andalso");
}

bool is_or(const Token& token) noexcept {
    return is(token, "or") || is(token, "||") || is(token, "orelse");
}

bool is_not(const Token& token) noexcept {
    return is(token, "not") || is(token, "!");
}

const Unsupported* find_unsupported(const Token& token) noexcept {
    // A number's sign after an operand.
    if (token.kind == Token::Kind::number && (token.text[0] == '+' || token.text[0] == '-')) {
        return find<Unsupported>(unsupported, {Token::Kind::sign, token.text.substr(0, 1)});
    }
    for (const std::string_view type : types) {
        if (is(token, type)) return &unsupported_type;
    }
    return find<Unsupported>(unsupported, token);
}

const Unsupported* find_unsupported_member(const Token& token) noexcept {
    return find<Unsupported>(unsupported_members, token);
}

}  // namespace webhooks::query
