#include <algorithm>
#include <base/utf8.hpp>
#include <query/fields.hpp>
#include <query/literals.hpp>
#include <query/parser.hpp>
#include <query/resolver.hpp>

namespace webhooks::query {
namespace {

/// Node::Kind and Condition::Kind have the same conditions; terms are not allowed here.
Condition::Kind condition_kind(Node::Kind kind) {
    switch (kind) {
        case Node::Kind::equal:
            return Condition::Kind::equal;
        case Node::Kind::not_equal:
            return Condition::Kind::not_equal;
        case Node::Kind::less:
            return Condition::Kind::less;
        case Node::Kind::less_equal:
            return Condition::Kind::less_equal;
        case Node::Kind::greater:
            return Condition::Kind::greater;
        case Node::Kind::greater_equal:
            return Condition::Kind::greater_equal;
        case Node::Kind::contains:
            return Condition::Kind::contains;
        case Node::Kind::starts_with:
            return Condition::Kind::starts_with;
        case Node::Kind::ends_with:
            return Condition::Kind::ends_with;
        case Node::Kind::all_of:
            return Condition::Kind::all_of;
        case Node::Kind::any_of:
            return Condition::Kind::any_of;
        default:
            return Condition::Kind::constant;
    }
}

/// The comparison with its sides swapped.
Condition::Kind mirrored(Condition::Kind kind) {
    switch (kind) {
        case Condition::Kind::less:
            return Condition::Kind::greater;
        case Condition::Kind::less_equal:
            return Condition::Kind::greater_equal;
        case Condition::Kind::greater:
            return Condition::Kind::less;
        case Condition::Kind::greater_equal:
            return Condition::Kind::less_equal;
        default:
            return kind;
    }
}

/// An operand while its condition is checked.
struct Side {
    Operand operand = {};
    bool has_fraction = false;  ///< The constant is slightly greater than its value.
    std::size_t position = 0;

    bool is_literal() const { return operand.kind == Operand::Kind::constant; }
    bool is_null() const {
        return is_literal() && std::holds_alternative<std::monostate>(operand.value);
    }
};

Condition constant(bool is_true) {
    return {.kind = Condition::Kind::constant, .is_true = is_true};
}

Condition junction(Condition::Kind kind, Condition left, Condition right) {
    Condition both{.kind = kind};
    both.children.push_back(std::move(left));
    both.children.push_back(std::move(right));
    return both;
}

Condition compare(Condition::Kind kind, Operand left, Operand right) {
    Condition condition{.kind = kind};
    condition.operands.push_back(std::move(left));
    condition.operands.push_back(std::move(right));
    return condition;
}

/// Compares whole numbers with `floor` plus a fraction. A field is never equal to that. Neither is
/// a function, but if it returns null the result must remain unknown.
Condition compare_with_fraction(Condition::Kind kind, const Operand& left, const Operand& floor) {
    const bool is_equality = kind == Condition::Kind::equal || kind == Condition::Kind::not_equal;
    const Condition above = compare(Condition::Kind::greater, left, floor);
    const Condition below = compare(Condition::Kind::less_equal, left, floor);
    if (!is_equality) {
        return kind == Condition::Kind::greater || kind == Condition::Kind::greater_equal ? above
                                                                                          : below;
    }
    if (!left.is_function()) return constant(kind == Condition::Kind::not_equal);
    return junction(
        kind == Condition::Kind::equal ? Condition::Kind::all_of : Condition::Kind::any_of, above,
        below);
}

/// Whether there is a space where the plus sign of an offset was before decoding.
bool has_lost_a_plus(std::string text) {
    constexpr std::size_t offset_length = 6;
    if (text.size() < offset_length || text[text.size() - offset_length] != ' ') return false;
    text[text.size() - offset_length] = '+';
    return parse_time(text).has_value();
}

/// Judges a filter. A rule that fails notes the error and returns nothing. A filter that was built
/// has the limits of one that was written; the parser has judged the latter by stricter ones.
class Resolver {
public:
    explicit Resolver(ListKind kind) : list_(kind) {}

    std::variant<Condition, SyntaxError> resolve(const Node& node) {
        std::optional<Condition> condition = this->condition(node);
        if (!condition) return error_;
        return *std::move(condition);
    }

private:
    std::nullopt_t fail(std::string what, std::size_t position, std::string hint = {}) {
        error_ = {std::move(what), position, std::move(hint)};
        return std::nullopt;
    }

    /// Applies a rule one level deeper.
    template <class Rule>
    auto deeper(const Node& node, Rule rule) -> decltype(rule()) {
        if (depth_ == max_depth) return fail("nested more than 16 deep", node.position);
        ++depth_;
        auto result = rule();
        --depth_;
        return result;
    }

    static bool is_combination(const Node& node) {
        return node.kind == Node::Kind::all_of || node.kind == Node::Kind::any_of ||
               node.kind == Node::Kind::negation;
    }

    std::optional<Condition> condition(const Node& node) {
        if (!is_combination(node) && ++conditions_ > max_conditions) {
            return fail("more than 64 conditions", node.position);
        }
        switch (node.kind) {
            case Node::Kind::field:
            case Node::Kind::boolean:
                return boolean(node);
            case Node::Kind::in:
                return membership(node);
            case Node::Kind::contains:
            case Node::Kind::starts_with:
            case Node::Kind::ends_with:
                return text_test(node);
            case Node::Kind::all_of:
            case Node::Kind::any_of:
            case Node::Kind::negation:
                return combination(node);
            case Node::Kind::equal:
            case Node::Kind::not_equal:
            case Node::Kind::less:
            case Node::Kind::less_equal:
            case Node::Kind::greater:
            case Node::Kind::greater_equal:
                return comparison(node);
            default:
                return fail("a condition is needed, not a value", node.position);
        }
    }

    std::optional<Condition> boolean(const Node& node) {
        if (node.kind == Node::Kind::boolean) return constant(node.truth);
        std::optional<Side> side = this->side(node);
        if (!side) return std::nullopt;
        if (side->operand.type != Type::boolean) {
            return fail("field " + in_quotes(node.text) + " is " + name_of(side->operand.type) +
                            ", which is not a condition by itself",
                        node.position, "compare it with something");
        }
        Condition condition{.kind = Condition::Kind::field};
        condition.operands.push_back(std::move(side->operand));
        return condition;
    }

    std::optional<Condition> combination(const Node& node) {
        const bool is_negation = node.kind == Node::Kind::negation;
        Condition condition{.kind = is_negation ? Condition::Kind::negation
                                                : condition_kind(node.kind)};
        for (const NodePtr& part : node.children) {
            // In text form, an `or` within an `and` needs parentheses.
            const bool is_deeper = is_negation || (node.kind == Node::Kind::all_of &&
                                                   part->kind == Node::Kind::any_of);
            const auto rule = [&] { return this->condition(*part); };
            std::optional<Condition> child = is_deeper ? deeper(*part, rule) : rule();
            if (!child) return std::nullopt;
            condition.children.push_back(*std::move(child));
        }
        return condition;
    }

    std::optional<Condition> comparison(const Node& node) {
        std::optional<Side> left = side(*node.children[0]);
        std::optional<Side> right = left ? side(*node.children[1]) : std::nullopt;
        if (!right) return std::nullopt;
        Condition::Kind kind = condition_kind(node.kind);
        if (left->is_literal() && right->is_literal()) {
            return fail("cannot compare two values", node.position,
                        "one side must be a field or a function");
        }
        if (left->is_literal()) {
            std::swap(left, right);
            kind = mirrored(kind);
        }
        if (right->is_null()) {
            if (kind == Condition::Kind::equal || kind == Condition::Kind::not_equal) {
                return compare(kind, std::move(left->operand), std::move(right->operand));
            }
            return fail("null has no order", right->position, "use 'eq null' or 'ne null'");
        }
        if (!fit(*left, *right)) return std::nullopt;
        if (right->has_fraction) return compare_with_fraction(kind, left->operand, right->operand);
        return compare(kind, std::move(left->operand), std::move(right->operand));
    }

    std::optional<Condition> membership(const Node& node) {
        std::optional<Side> wanted = side(*node.children[0]);
        if (!wanted) return std::nullopt;
        if (wanted->is_literal()) {
            return fail("a value is looked for in a list", node.position,
                        "a field or a function is needed before 'in'");
        }
        if (node.children.size() - 1 > max_list_items) {
            return fail("more than 100 items in a list", node.position);
        }
        Condition condition{.kind = Condition::Kind::in};
        condition.operands.push_back(wanted->operand);
        for (std::size_t i = 1; i < node.children.size(); ++i) {
            std::optional<Side> item = side(*node.children[i]);
            if (!item) return std::nullopt;
            if (!item->is_literal()) {
                return fail("a list must contain only values, not fields or functions",
                            item->position);
            }
            if (item->is_null()) {
                return fail("null cannot stand in a list", item->position,
                            "compare it with 'eq null'");
            }
            if (!fit(*wanted, *item)) return std::nullopt;
            if (!item->has_fraction) condition.operands.push_back(std::move(item->operand));
        }
        const bool is_all_fractions = condition.operands.size() == 1 && node.children.size() > 1;
        if (is_all_fractions) {
            return compare_with_fraction(Condition::Kind::equal, wanted->operand, some_number());
        }
        return condition;
    }

    std::optional<Condition> text_test(const Node& node) {
        std::optional<Side> text = side(*node.children[0]);
        std::optional<Side> part = text ? side(*node.children[1]) : std::nullopt;
        if (!part) return std::nullopt;
        if (text->is_null() || text->operand.type != Type::text) {
            return fail("text is needed here", text->position);
        }
        return compare(condition_kind(node.kind), std::move(text->operand),
                       std::move(part->operand));
    }

    /// Whether the right side can be compared with the left one; a text that is a timestamp is
    /// converted to a time.
    bool fit(const Side& left, Side& right) {
        const Type wanted = left.operand.type;
        if (wanted == Type::time && right.is_literal() && right.operand.type == Type::text) {
            const std::string& text = std::get<std::string>(right.operand.value);
            const std::optional<Whole> moment = parse_time(text);
            if (!moment) {
                fail(in_quotes(text) + " is not a timestamp", right.position,
                     has_lost_a_plus(text) ? "write the '+' of an offset as %2B"
                                           : "write it as 2026-01-31T09:05:00Z");
                return false;
            }
            right.has_fraction = moment->has_fraction;
            right.operand.type = Type::time;
            right.operand.value = moment->floor;
        }
        if (wanted == right.operand.type) return true;
        const bool lacks_quotes =
            wanted == Type::text && right.is_literal() && right.operand.type == Type::number;
        fail(std::string("cannot compare ") + name_of(wanted) + " with " +
                 name_of(right.operand.type),
             right.position, lacks_quotes ? "write it in quotes: '7'" : "");
        return false;
    }

    std::optional<Side> side(const Node& node) {
        switch (node.kind) {
            case Node::Kind::field:
                return field(node);
            case Node::Kind::to_lower:
            case Node::Kind::to_upper:
            case Node::Kind::length:
                return function(node);
            case Node::Kind::number:
            case Node::Kind::time:
                return whole(node);
            case Node::Kind::text:
                return text(node);
            case Node::Kind::boolean:
                return literal(node, Type::boolean, node.truth);
            case Node::Kind::null:
                return literal(node, Type::text, std::monostate());
            default:
                return fail("a value is needed, not a condition", node.position);
        }
    }

    static Operand some_number() { return {.value = std::int64_t{0}}; }

    std::optional<Side> text(const Node& node) {
        if (node.text.size() > max_literal_bytes) {
            return fail("a value of more than 1024 bytes", node.position);
        }
        if (!is_storable_text(node.text)) {
            return fail("a value that is not UTF-8 without U+0000", node.position);
        }
        return literal(node, Type::text, node.text);
    }

    static Side literal(const Node& node, Type type, Value value) {
        return {
            .operand = {.kind = Operand::Kind::constant, .type = type, .value = std::move(value)},
            .position = node.position};
    }

    std::optional<Side> whole(const Node& node) {
        const bool is_number = node.kind == Node::Kind::number;
        const std::optional<Whole> value =
            is_number ? parse_number(node.text) : parse_time(node.text);
        if (!value) {
            return fail(in_quotes(node.text) +
                            (is_number ? " is beyond 64 bits" : " is not in years 0001 to 9999"),
                        node.position);
        }
        Side side = literal(node, is_number ? Type::number : Type::time, value->floor);
        side.has_fraction = value->has_fraction;
        return side;
    }

    std::optional<Side> field(const Node& node) {
        auto found = find_comparable_field(node.text, list_);
        if (auto* error = std::get_if<SyntaxError>(&found)) {
            return fail(std::move(error->what), node.position, std::move(error->hint));
        }
        const std::size_t column = std::get<std::size_t>(found);
        return Side{.operand = {.kind = Operand::Kind::field,
                                .type = fields_of(list_)[column].type,
                                .field = column},
                    .position = node.position};
    }

    std::optional<Side> function(const Node& node) {
        const Node& inner = *node.children[0];
        std::optional<Side> argument = deeper(node, [&] { return side(inner); });
        if (!argument) return std::nullopt;
        if (argument->is_null() || argument->operand.type != Type::text) {
            return fail("text is needed here", argument->position);
        }
        Side call{.position = node.position};
        call.operand.kind = node.kind == Node::Kind::length     ? Operand::Kind::length
                            : node.kind == Node::Kind::to_lower ? Operand::Kind::to_lower
                                                                : Operand::Kind::to_upper;
        call.operand.type = node.kind == Node::Kind::length ? Type::number : Type::text;
        call.operand.arguments.push_back(std::move(argument->operand));
        return call;
    }

    const ListKind list_;
    SyntaxError error_;
    std::size_t depth_ = 0;
    std::size_t conditions_ = 0;
};

}  // namespace

std::variant<Condition, SyntaxError> resolve(const Node& filter, ListKind kind) {
    return Resolver(kind).resolve(filter);
}

}  // namespace webhooks::query
