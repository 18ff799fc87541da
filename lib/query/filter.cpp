#include <base/thrown.hpp>
#include <query/node.hpp>
#include <query/parser.hpp>
#include <webhooks/query.hpp>

namespace webhooks {
namespace {

using query::Node;
using query::NodePtr;

NodePtr make(Node::Kind kind, std::string text = {}, bool truth = false) {
    return std::make_shared<Node>(Node{.kind = kind, .text = std::move(text), .truth = truth});
}

NodePtr make(Node::Kind kind, std::vector<NodePtr> children) {
    return std::make_shared<Node>(Node{.kind = kind, .children = std::move(children)});
}

/// Joins two filters. A chain becomes one node, as in the parser, so it never becomes deep.
NodePtr join(Node::Kind kind, const NodePtr& left, const NodePtr& right) {
    std::vector<NodePtr> parts;
    for (const NodePtr& side : {left, right}) {
        if (side->kind == kind) {
            parts.insert(parts.end(), side->children.begin(), side->children.end());
        } else {
            parts.push_back(side);
        }
    }
    return make(kind, std::move(parts));
}

Filter condition(Node::Kind kind, const Term& left, const Term& right) {
    return Filter(make(kind, {left.node(), right.node()}));
}

/// As the parser reads it: seconds, and microseconds as a fraction.
std::string time_text(Time moment) {
    namespace chrono = std::chrono;
    const auto day = chrono::floor<chrono::days>(moment);
    const chrono::year_month_day date(day);
    const chrono::hh_mm_ss clock(moment - day);
    char text[64];
    std::snprintf(text, sizeof text, "%04d-%02u-%02uT%02d:%02d:%02d.%06lldZ", int(date.year()),
                  unsigned(date.month()), unsigned(date.day()), int(clock.hours().count()),
                  int(clock.minutes().count()), int(clock.seconds().count()),
                  static_cast<long long>(clock.subseconds().count()));
    return text;
}

}  // namespace

Term::Term(std::nullptr_t) : node_(make(Node::Kind::null)) {}
Term::Term(bool value) : node_(make(Node::Kind::boolean, {}, value)) {}
Term::Term(int value) : Term(std::int64_t{value}) {}
Term::Term(std::int64_t value) : node_(make(Node::Kind::number, std::to_string(value))) {}
Term::Term(const char* text) : Term(std::string(text)) {}
Term::Term(std::string text) : node_(make(Node::Kind::text, std::move(text))) {}
Term::Term(Time moment) : node_(make(Node::Kind::time, time_text(moment))) {}

Term field(std::string_view name) {
    return Term(make(Node::Kind::field, std::string(name)));
}
Term to_lower(Term text) {
    return Term(make(Node::Kind::to_lower, {text.node()}));
}
Term to_upper(Term text) {
    return Term(make(Node::Kind::to_upper, {text.node()}));
}
Term length(Term text) {
    return Term(make(Node::Kind::length, {text.node()}));
}

Filter operator&&(Filter left, Filter right) {
    return Filter(join(Node::Kind::all_of, left.node_, right.node_));
}
Filter operator||(Filter left, Filter right) {
    return Filter(join(Node::Kind::any_of, left.node_, right.node_));
}
Filter operator!(Filter inner) {
    return Filter(make(Node::Kind::negation, {inner.node_}));
}

Filter operator==(Term left, Term right) {
    return condition(Node::Kind::equal, left, right);
}
Filter operator!=(Term left, Term right) {
    return condition(Node::Kind::not_equal, left, right);
}
Filter operator<(Term left, Term right) {
    return condition(Node::Kind::less, left, right);
}
Filter operator<=(Term left, Term right) {
    return condition(Node::Kind::less_equal, left, right);
}
Filter operator>(Term left, Term right) {
    return condition(Node::Kind::greater, left, right);
}
Filter operator>=(Term left, Term right) {
    return condition(Node::Kind::greater_equal, left, right);
}
Filter contains(Term text, std::string part) {
    return condition(Node::Kind::contains, text, Term(std::move(part)));
}
Filter starts_with(Term text, std::string part) {
    return condition(Node::Kind::starts_with, text, Term(std::move(part)));
}
Filter ends_with(Term text, std::string part) {
    return condition(Node::Kind::ends_with, text, Term(std::move(part)));
}
Filter is_in(Term value, std::initializer_list<Term> list) {
    std::vector<NodePtr> children{value.node()};
    for (const Term& item : list) {
        children.push_back(item.node());
    }
    return Filter(make(Node::Kind::in, std::move(children)));
}

Result<Filter> Filter::parse(std::string_view text) try {
    auto parsed = query::parse_filter(text);
    if (const auto* error = std::get_if<query::SyntaxError>(&parsed)) {
        return Error({FieldError{"filter", error->message()}});
    }
    return Filter(std::get<NodePtr>(std::move(parsed)));
} catch (...) {
    return error_of_thrown();
}

}  // namespace webhooks
