#include <base/ascii.hpp>
#include <query/field_tables.hpp>
#include <query/fields.hpp>
#include <webhooks/suggestion.hpp>

namespace webhooks::query {
namespace {

/// @param is_suggested whether a field may be suggested for an unknown name.
template <class Predicate>
std::variant<std::size_t, SyntaxError> find(std::string_view name, ListKind kind,
                                            Predicate is_suggested) {
    const std::span<const Field> fields = fields_of(kind);
    const std::string wanted = ascii::lower(name);
    std::vector<std::string_view> names;
    for (std::size_t i = 0; i < fields.size(); ++i) {
        if (ascii::lower(fields[i].name) == wanted) return i;
        if (is_suggested(fields[i])) names.push_back(fields[i].name);
    }
    return SyntaxError{.what = "unknown field " + in_quotes(name), .hint = suggestion(name, names)};
}

}  // namespace

std::span<const Field> fields_of(ListKind kind) {
    if (kind == ListKind::events) return event_fields;
    if (kind == ListKind::audit) return audit_fields;
    return subscription_fields;
}

const char* name_of(Type type) {
    switch (type) {
        case Type::boolean:
            return "a boolean";
        case Type::number:
            return "a number";
        case Type::text:
            return "text";
        case Type::time:
            return "a timestamp";
    }
    return "";
}

std::variant<std::size_t, SyntaxError> find_field(std::string_view name, ListKind kind) {
    return find(name, kind, [](const Field&) { return true; });
}

std::variant<std::size_t, SyntaxError> find_comparable_field(std::string_view name, ListKind kind) {
    auto found = find(name, kind, [](const Field& field) { return field.is_comparable; });
    const auto* column = std::get_if<std::size_t>(&found);
    if (!column || fields_of(kind)[*column].is_comparable) return found;
    return SyntaxError{.what = "field " + in_quotes(name) + " cannot be filtered or sorted by"};
}

}  // namespace webhooks::query
