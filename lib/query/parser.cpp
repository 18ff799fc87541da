#include <base/utf8.hpp>
#include <query/parser.hpp>
#include <query/path_parser.hpp>
#include <query/spelling.hpp>

namespace webhooks::query {
namespace {

bool is_condition(const Node& node) {
    return node.kind >= Node::Kind::equal;
}

bool can_be_condition(const Node& node) {
    return is_condition(node) || node.kind == Node::Kind::field || node.kind == Node::Kind::path ||
           node.kind == Node::Kind::boolean;
}

/// Recursive descent over the grammar of docs/list-queries.md, a function for each rule. A rule
/// that fails notes the error and returns null.
class FilterParser final : PathParser {
public:
    FilterParser(std::string_view text, Grammar grammar) : PathParser(text), grammar_(grammar) {}

    std::variant<NodePtr, SyntaxError> parse() {
        NodePtr filter = is_trimmed() ? any_of() : nullptr;
        if (filter && !at_end()) filter = not_joined(*filter, "'and', 'or' or the end");
        if (!filter || !is_trimmed()) return error();
        return filter;
    }

    using TokenReader::steps;

private:
    // ---- Conditions.

    NodePtr any_of() {
        return joined(Node::Kind::any_of, is_or, [this] { return all_of(); });
    }

    NodePtr all_of() {
        return joined(Node::Kind::all_of, is_and, [this] { return negation(); });
    }

    template <class Part>
    NodePtr joined(Node::Kind kind, bool (*is_operator)(const Token&), Part part) {
        const std::size_t position = token().position;
        std::vector<NodePtr> parts;
        while (true) {
            NodePtr next = part();
            if (!next) return nullptr;
            parts.push_back(std::move(next));
            if (!is_operator(token())) break;
            if (!take_operator()) return nullptr;
        }
        if (parts.size() == 1) return parts.front();
        return make(kind, position, {}, std::move(parts));
    }

    /// A word needs spaces around it, an operator does not.
    bool take_operator() {
        const Token taken = take();
        if (taken.kind == Token::Kind::sign) return true;
        // Whatever comes next names what is missing at the end.
        if (taken.blanks > 0 && (token().blanks > 0 || at_end())) return true;
        const bool is_before = taken.blanks == 0;
        fail(std::string("expected a blank ") + (is_before ? "before " : "after ") +
                 in_quotes(taken.text),
             is_before ? taken.position : token().position);
        return false;
    }

    /// The text after a condition neither joins it to another one nor ends it.
    NodePtr not_joined(const Node& condition, const char* wanted) {
        if (token().kind == Token::Kind::text && token().blanks == 0) {
            return fail("a string after a string", token().position,
                        R"(a double quote in double quotes is written \")");
        }
        if (!find_comparison(token()) && !at("in")) return unexpected(wanted);
        const Node* last = &condition;
        while (last->kind == Node::Kind::all_of || last->kind == Node::Kind::any_of)
            last = last->children.back().get();
        if (last->kind == Node::Kind::field || last->kind == Node::Kind::path) {
            return fail("a name in parentheses is a condition, which cannot be compared",
                        token().position, "leave out its parentheses");
        }
        return fail("a condition cannot be compared", token().position,
                    "join comparisons by 'and'; a test or a boolean needs no 'eq true', and 'not' "
                    "in place of 'eq false'");
    }

    /// Parses a rule one level deeper.
    template <class Rule>
    NodePtr deeper(Rule rule) {
        if (depth_ == max_depth) return fail("nested more than 16 deep", token().position);
        ++depth_;
        NodePtr node = rule();
        --depth_;
        return node;
    }

    NodePtr negation() {
        if (!is_not(token())) return condition();
        const Token sign = take();
        if (sign.kind == Token::Kind::word && token().blanks == 0 && !at("(")) {
            return unexpected("a blank or '('");
        }
        NodePtr inner = deeper([&] { return negated(sign); });
        if (!inner) return nullptr;
        return make(Node::Kind::negation, sign.position, {}, {std::move(inner)});
    }

    NodePtr negated(const Token& sign) {
        if (is_not(token())) return negation();
        if (at("(")) return group();
        NodePtr operand = term();
        if (!operand) return nullptr;
        if (can_be_condition(*operand) && !find_comparison(token()) && !at_membership()) {
            return counted(std::move(operand));
        }
        return fail(in_quotes(sign.text) + " takes a group, a test or a boolean", operand->position,
                    "put the comparison in parentheses");
    }

    NodePtr condition() {
        if (at("(")) return group();
        NodePtr left = term();
        if (!left) return nullptr;
        if (!is_condition(*left)) {
            if (const Spelling* comparison = find_comparison(token())) {
                return compared(std::move(left), comparison->kind);
            }
            if (at_membership()) return membership(std::move(left));
        }
        if (can_be_condition(*left)) return counted(std::move(left));
        return unexpected("a comparison");
    }

    /// @param condition that was just read.
    NodePtr counted(NodePtr condition) {
        if (++conditions_ > max_conditions) {
            return fail("more than 64 conditions", condition->position);
        }
        // No other node refers to it yet.
        std::const_pointer_cast<Node>(condition)->end = end_of_last();
        return condition;
    }

    NodePtr group() {
        return deeper([this]() -> NodePtr {
            take("(");
            NodePtr inner = any_of();
            if (inner && !take(")")) return not_joined(*inner, "'and', 'or' or ')'");
            return inner;
        });
    }

    NodePtr compared(NodePtr left, Node::Kind comparison) {
        if (!take_operator()) return nullptr;
        NodePtr right = operand();
        if (!right) return nullptr;
        const std::size_t position = left->position;
        return counted(make(comparison, position, {}, {std::move(left), std::move(right)}));
    }

    bool at_membership() const { return at("in") || (at("not") && is(following(), "in")); }

    NodePtr membership(NodePtr left) {
        if (at("not")) {
            if (!take_operator()) return nullptr;
            NodePtr inner = deeper([&] { return membership(std::move(left)); });
            if (!inner) return nullptr;
            const std::size_t position = inner->position;
            return make(Node::Kind::negation, position, {}, {std::move(inner)});
        }
        if (!take_operator() || !expect("(")) return nullptr;
        const std::size_t position = left->position;
        std::vector<NodePtr> children{std::move(left)};
        while (!take(")")) {
            if (children.size() > 1 && !take(",")) return unexpected("',' or ')'");
            if (children.size() > max_list_items) {
                return fail("more than 100 items in a list", token().position);
            }
            NodePtr item = literal();
            if (!item) return nullptr;
            children.push_back(std::move(item));
        }
        return counted(make(Node::Kind::in, position, {}, std::move(children)));
    }

    // ---- Terms, some of which are conditions.

    /// A field, a call or a literal, followed by its member calls.
    NodePtr term() {
        NodePtr node = primary();
        for (std::size_t calls = 0; node && at("."); ++calls) {
            if (calls == max_chained_calls) {
                return fail("more than 4 calls in a chain", token().position);
            }
            if (is_condition(*node)) return fail("a condition has no members", token().position);
            node = member(std::move(node));
        }
        return node;
    }

    /// A term that is a value.
    NodePtr operand() {
        NodePtr node = term();
        if (node && is_condition(*node)) {
            return fail("a value is needed, not a condition", node->position);
        }
        return node;
    }

    bool at_literal() const {
        return token().kind != Token::Kind::word || at("true") || at("false") || at("null") ||
               at_time_type();
    }

    NodePtr primary() {
        if (at_literal()) return literal();
        if (at("string") && is(following(), ".")) return null_or_empty();
        if (at_call()) return call();
        if (grammar_ == Grammar::payload) return path();
        skip_it();
        if (token().kind != Token::Kind::word || find_unsupported(token())) {
            return unexpected("a field or a value");
        }
        const Token name = take();
        return make(Node::Kind::field, name.position, std::string(name.text));
    }

    /// `contains(text,'part')`, `tolower(text)` and similar functions; `np(text)` is the text
    /// itself.
    NodePtr call() {
        return deeper([this]() -> NodePtr {
            if (grammar_ == Grammar::payload && at("exists")) return existence();
            const Spelling* test = find_test(token());
            const Spelling* function = find_function(token());
            if (!test && !function && !at("np")) return unknown_function();
            const std::size_t position = take().position;
            take("(");
            NodePtr argument = operand();
            if (!argument) return nullptr;
            if (test) return expect(",") ? tested(*test, position, std::move(argument)) : nullptr;
            if (!function && at(",")) {
                return fail("'np' takes one value", token().position,
                            "write the name alone, and what is absent as: or x eq null");
            }
            if (!expect(")")) return nullptr;
            if (!function) return argument;
            return make(function->kind, position, {}, {std::move(argument)});
        });
    }

    NodePtr unknown_function() {
        if (find_unsupported(token())) return unexpected("");
        return fail(
            "unknown function " + in_quotes(token().text), token().position,
            grammar_ == Grammar::payload
                ? "there are contains, startswith, endswith, tolower, toupper, length, exists"
                : "there are contains, startswith, endswith, tolower, toupper, length");
    }

    NodePtr lambda_body() override {
        return deeper([this] { return any_of(); });
    }

    /// `text.Contains("part")`, `text.ToLower()`, `text.Length` and similar members.
    NodePtr member(NodePtr receiver) {
        take(".");
        const std::size_t position = receiver->position;
        if (token().kind != Token::Kind::word) return expected("a member");
        const Token name = take();
        if (const Spelling* test = find_test(name)) {
            return expect("(") ? tested(*test, position, std::move(receiver)) : nullptr;
        }
        if (const Spelling* function = find_function(name)) {
            const bool is_called = function->kind != Node::Kind::length;
            if (is_called && !(expect("(") && expect(")"))) return nullptr;
            return make(function->kind, position, {}, {std::move(receiver)});
        }
        if (const Unsupported* unsupported = find_unsupported_member(name)) {
            return fail(unsupported->what, name.position, unsupported->hint);
        }
        const std::string_view hint =
            grammar_ == Grammar::payload
                ? "a member of an object follows a slash, as in payload/customer/name; text has "
                  "Contains, StartsWith, EndsWith, ToLower, ToUpper, Length"
                : "text has Contains, StartsWith, EndsWith, ToLower, ToUpper, Length; a time is "
                  "compared with a time; a member of an object is one word, as objectId";
        return fail("unknown member " + in_quotes(name.text), name.position, std::string(hint));
    }

    /// The rest of a text test: the quoted part and the closing parenthesis.
    NodePtr tested(const Spelling& test, std::size_t position, NodePtr text) {
        if (token().kind != Token::Kind::text) return unexpected("a string in quotes");
        NodePtr part = literal();
        if (!part) return nullptr;
        if (at(",")) {
            return fail("expected one string", token().position,
                        "to ignore case: contains(tolower(name),'x')");
        }
        if (!expect(")")) return nullptr;
        return make(test.kind, position, {}, {std::move(text), std::move(part)});
    }

    /// `string.IsNullOrEmpty(field)`: two conditions.
    NodePtr null_or_empty() {
        return deeper([this]() -> NodePtr {
            const std::size_t position = take().position;
            take(".");
            if (!at("isnullorempty")) {
                return fail("unknown member " + in_quotes(token().text) + " of 'string'",
                            token().position, "there is IsNullOrEmpty; the empty text is ''");
            }
            take();
            if (!expect("(")) return nullptr;
            NodePtr field = primary();
            if (!field) return nullptr;
            const bool is_name =
                field->kind == Node::Kind::field || field->kind == Node::Kind::path;
            if (!is_name || !take(")")) {
                return fail("IsNullOrEmpty takes a field alone", field->position);
            }
            NodePtr is_null = counted(
                make(Node::Kind::equal, position, {}, {field, make(Node::Kind::null, position)}));
            if (!is_null) return nullptr;
            NodePtr is_empty =
                make(Node::Kind::equal, position, {}, {field, make(Node::Kind::text, position)});
            std::const_pointer_cast<Node>(is_empty)->end = is_null->end;
            return make(Node::Kind::any_of, position, {},
                        {std::move(is_null), std::move(is_empty)});
        });
    }

    const Grammar grammar_;
    std::size_t depth_ = 0;
    std::size_t conditions_ = 0;
};

}  // namespace

std::variant<NodePtr, SyntaxError> parse_filter(std::string_view text, std::size_t* steps,
                                                Grammar grammar) {
    if (text.size() > max_filter_bytes) return SyntaxError{.what = "is longer than 2048 bytes"};
    if (!is_storable_text(text)) return SyntaxError{.what = "must be UTF-8 without U+0000"};
    FilterParser parser(text, grammar);
    auto filter = parser.parse();
    if (steps) *steps += parser.steps();
    return filter;
}

}  // namespace webhooks::query
