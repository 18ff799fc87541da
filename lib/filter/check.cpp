#include <filter/check.hpp>
#include <string>

namespace webhooks::filter {
namespace {

using query::Node;
using query::SyntaxError;
using Kind = Node::Kind;

bool is_literal(const Node& node) {
    return node.kind == Kind::text || node.kind == Kind::number || node.kind == Kind::time ||
           node.kind == Kind::boolean || node.kind == Kind::null;
}

/// The event type, or what has its letters in another case.
bool is_event_type(const Node& node) {
    if (node.kind == Kind::to_lower || node.kind == Kind::to_upper) {
        return is_event_type(*node.children[0]);
    }
    return node.kind == Kind::field;
}

SyntaxError not_an_event_type(const Node& value) {
    return {.what = "an event type is a text",
            .position = value.position,
            .hint = "write eventType eq 'order.created'"};
}

std::optional<SyntaxError> check_comparison(const Node& node) {
    const Node& left = *node.children[0];
    const Node& right = *node.children[1];
    if (is_literal(left) && is_literal(right)) {
        return SyntaxError{.what = "cannot compare two values",
                           .position = node.position,
                           .hint = "one side must be a path or a function"};
    }
    const bool is_equality = node.kind == Kind::equal || node.kind == Kind::not_equal;
    for (const Node* side : {&left, &right}) {
        if (side->kind == Kind::null && !is_equality) {
            return SyntaxError{.what = "null has no order",
                               .position = side->position,
                               .hint = "use 'eq null' or 'ne null'"};
        }
    }
    if (is_event_type(left) && is_literal(right) && right.kind != Kind::text) {
        return not_an_event_type(right);
    }
    if (is_event_type(right) && is_literal(left) && left.kind != Kind::text) {
        return not_an_event_type(left);
    }
    return std::nullopt;
}

std::optional<SyntaxError> check_membership(const Node& node) {
    const Node& wanted = *node.children[0];
    if (is_literal(wanted)) {
        return SyntaxError{.what = "a value is looked for in a list",
                           .position = node.position,
                           .hint = "a path or a function is needed before 'in'"};
    }
    for (std::size_t i = 1; i < node.children.size(); ++i) {
        const Node& item = *node.children[i];
        if (item.kind == Kind::null) {
            return SyntaxError{.what = "null cannot stand in a list",
                               .position = item.position,
                               .hint = "compare it with 'eq null'"};
        }
        if (is_event_type(wanted) && item.kind != Kind::text) return not_an_event_type(item);
    }
    return std::nullopt;
}

}  // namespace

std::optional<SyntaxError> check(const Node& filter) {
    switch (filter.kind) {
        case Kind::field:
            return SyntaxError{.what = "'eventType' is a text, which is not a condition by itself",
                               .position = filter.position,
                               .hint = "compare it with something"};
        case Kind::equal:
        case Kind::not_equal:
        case Kind::less:
        case Kind::less_equal:
        case Kind::greater:
        case Kind::greater_equal:
            return check_comparison(filter);
        case Kind::in:
            return check_membership(filter);
        case Kind::any:
        case Kind::all:
            return filter.children.size() > 1 ? check(*filter.children[1]) : std::nullopt;
        case Kind::all_of:
        case Kind::any_of:
        case Kind::negation:
            for (const query::NodePtr& part : filter.children) {
                if (auto error = check(*part)) return error;
            }
            return std::nullopt;
        default:
            return std::nullopt;
    }
}

}  // namespace webhooks::filter
