#include <base/ascii.hpp>
#include <base/utf8.hpp>
#include <query/literals.hpp>
#include <query/parser.hpp>
#include <span>

namespace webhooks::query {
namespace {

struct Word {
    std::string_view text;
    Node::Kind kind;
};
constexpr Word comparisons[] = {{"eq", Node::Kind::equal},   {"ne", Node::Kind::not_equal},
                                {"gt", Node::Kind::greater}, {"ge", Node::Kind::greater_equal},
                                {"lt", Node::Kind::less},    {"le", Node::Kind::less_equal}};
constexpr Word tests[] = {{"contains", Node::Kind::contains},
                          {"startswith", Node::Kind::starts_with},
                          {"endswith", Node::Kind::ends_with}};
constexpr Word functions[] = {{"tolower", Node::Kind::to_lower},
                              {"toupper", Node::Kind::to_upper},
                              {"length", Node::Kind::length}};

const Word* find(std::span<const Word> words, std::string_view text) {
    const std::string lower = ascii::lower(text);
    for (const Word& word : words) {
        if (word.text == lower) return &word;
    }
    return nullptr;
}

NodePtr make(Node::Kind kind, std::size_t position, std::string text = {},
             std::vector<NodePtr> children = {}) {
    return std::make_shared<Node>(Node{.kind = kind,
                                       .text = std::move(text),
                                       .children = std::move(children),
                                       .position = position});
}

/// Recursive descent over the grammar of docs/list-queries.md, a function for each rule. A rule
/// that fails notes the fault and returns null.
class FilterParser {
public:
    explicit FilterParser(std::string_view text) : in_(text) {}

    std::variant<NodePtr, Fault> parse() {
        if (in_.skip_blanks()) return Fault{"a blank at the beginning", 1};
        NodePtr filter = any_of();
        if (filter && !in_.at_end()) filter = unexpected("'and', 'or' or the end");
        if (!filter) return fault_;
        return filter;
    }

    std::size_t steps() const { return in_.steps(); }

private:
    NodePtr fail(std::string what, std::size_t position, std::string hint = {}) {
        fault_ = {std::move(what), position, std::move(hint)};
        return nullptr;
    }

    /// What stands here, or behind the blanks here, is not what the grammar wants.
    NodePtr unexpected(const char* wanted) {
        Cursor found = in_;
        if (found.skip_blanks() && found.at_end()) found = in_;
        if (found.at_end()) return fail(std::string("expected ") + wanted, found.position());
        const std::string_view word = found.peek_word();
        const std::string_view shown = word.empty() ? found.peek_character() : word;
        return fail("expected " + std::string(wanted) + ", found " + in_quotes(shown),
                    found.position());
    }

    /// Parts that are joined by a word between blanks.
    template <class Part>
    NodePtr joined(Node::Kind kind, std::string_view word, Part part) {
        const std::size_t position = in_.position();
        std::vector<NodePtr> parts;
        while (true) {
            NodePtr next = part();
            if (!next) return nullptr;
            parts.push_back(std::move(next));
            const Cursor before = in_;
            if (!in_.skip_blanks() || !in_.take_word(word)) {
                in_.back_to(before);
                break;
            }
            if (!in_.skip_blanks()) return unexpected("a blank");
        }
        if (parts.size() == 1) return parts.front();
        return make(kind, position, {}, std::move(parts));
    }

    NodePtr any_of() {
        return joined(Node::Kind::any_of, "or", [this] { return all_of(); });
    }

    NodePtr all_of() {
        return joined(Node::Kind::all_of, "and", [this] { return negation(); });
    }

    /// Runs a rule one level deeper.
    template <class Rule>
    NodePtr deeper(Rule rule) {
        if (depth_ == max_depth) return fail("nested more than 16 deep", in_.position());
        ++depth_;
        NodePtr node = rule();
        --depth_;
        return node;
    }

    bool next_is(std::string_view word) const { return ascii::lower(in_.peek_word()) == word; }
    bool next_is_call() const {
        return find(tests, in_.peek_word()) && in_.peek(in_.peek_word().size()) == '(';
    }

    NodePtr negation() {
        if (!next_is("not")) return condition();
        const std::size_t position = in_.position();
        in_.take_word("not");
        if (!in_.skip_blanks() && in_.peek() != '(') return unexpected("a blank or '('");
        NodePtr inner = deeper([this] { return negated(); });
        if (!inner) return nullptr;
        return make(Node::Kind::negation, position, {}, {std::move(inner)});
    }

    NodePtr negated() {
        if (next_is("not")) return negation();
        if (in_.peek() == '(') return group();
        if (next_is_call()) return call();
        const std::size_t position = in_.position();
        NodePtr operand = term();
        if (!operand) return nullptr;
        if (operand->kind == Node::Kind::field || operand->kind == Node::Kind::boolean) {
            const Cursor before = in_;
            const bool is_compared =
                in_.skip_blanks() && (find(comparisons, in_.peek_word()) || next_is("in"));
            in_.back_to(before);
            if (!is_compared) return counted(std::move(operand));
        }
        return fail("'not' takes a group, a test or a boolean", position,
                    "put the comparison in parentheses");
    }

    NodePtr condition() {
        if (in_.peek() == '(') return group();
        if (next_is_call()) return call();
        NodePtr left = term();
        if (!left) return nullptr;
        const Cursor before = in_;
        if (in_.skip_blanks()) {
            if (const Word* comparison = find(comparisons, in_.peek_word())) {
                return compared(std::move(left), *comparison);
            }
            if (in_.take_word("in")) return membership(std::move(left));
        }
        in_.back_to(before);
        if (left->kind == Node::Kind::field || left->kind == Node::Kind::boolean) {
            return counted(std::move(left));
        }
        in_.skip_blanks();
        return unexpected("a comparison");
    }

    NodePtr group() {
        return deeper([this]() -> NodePtr {
            in_.take('(');
            in_.skip_blanks();
            NodePtr inner = any_of();
            if (!inner) return nullptr;
            in_.skip_blanks();
            if (!in_.take(')')) return unexpected("'and', 'or' or ')'");
            return inner;
        });
    }

    NodePtr compared(NodePtr left, const Word& comparison) {
        in_.take_word(comparison.text);
        if (!in_.skip_blanks()) return unexpected("a blank");
        NodePtr right = term();
        if (!right) return nullptr;
        const std::size_t position = left->position;
        return counted(make(comparison.kind, position, {}, {std::move(left), std::move(right)}));
    }

    NodePtr membership(NodePtr left) {
        if (!in_.skip_blanks()) return unexpected("a blank");
        if (!in_.take('(')) return unexpected("'('");
        const std::size_t position = left->position;
        std::vector<NodePtr> children{std::move(left)};
        in_.skip_blanks();
        while (!in_.take(')')) {
            if (children.size() > 1) {
                if (!in_.take(',')) return unexpected("',' or ')'");
                in_.skip_blanks();
            }
            if (children.size() > max_list_items) {
                return fail("more than 100 items in a list", in_.position());
            }
            NodePtr item = literal();
            if (!item) return nullptr;
            children.push_back(std::move(item));
            in_.skip_blanks();
        }
        return counted(make(Node::Kind::in, position, {}, std::move(children)));
    }

    /// contains(text, 'part') and similar functions.
    NodePtr call() {
        return deeper([this]() -> NodePtr {
            const std::size_t position = in_.position();
            const Word& test = *find(tests, in_.peek_word());
            in_.take_word(test.text);
            in_.take('(');
            in_.skip_blanks();
            NodePtr text = term();
            if (!text) return nullptr;
            in_.skip_blanks();
            if (!in_.take(',')) return unexpected("','");
            in_.skip_blanks();
            if (in_.peek() != '\'') return unexpected("a string in single quotes");
            NodePtr part = literal();
            if (!part) return nullptr;
            in_.skip_blanks();
            if (!in_.take(')')) return unexpected("')'");
            return counted(make(test.kind, position, {}, {std::move(text), std::move(part)}));
        });
    }

    NodePtr counted(NodePtr condition) {
        if (++conditions_ > max_conditions) {
            return fail("more than 64 conditions", condition->position);
        }
        return condition;
    }

    /// A field, a function or a literal.
    NodePtr term() {
        const std::string_view word = in_.peek_word();
        if (word.empty() || next_is("true") || next_is("false") || next_is("null")) {
            return literal();
        }
        const std::size_t position = in_.position();
        const bool has_arguments = in_.peek(word.size()) == '(';
        const Word* function = find(functions, word);
        if (function && has_arguments) return function_call(*function);
        if (has_arguments) {
            return fail("unknown function " + in_quotes(word), position,
                        "there are contains, startswith, endswith, tolower, toupper, length");
        }
        in_.advance(word.size());
        return make(Node::Kind::field, position, std::string(word));
    }

    NodePtr function_call(const Word& function) {
        return deeper([&]() -> NodePtr {
            const std::size_t position = in_.position();
            in_.take_word(function.text);
            in_.take('(');
            in_.skip_blanks();
            NodePtr argument = term();
            if (!argument) return nullptr;
            in_.skip_blanks();
            if (!in_.take(')')) return unexpected("')'");
            return make(function.kind, position, {}, {std::move(argument)});
        });
    }

    NodePtr literal() {
        const std::size_t position = in_.position();
        if (in_.peek() == '\'') return text();
        if (in_.take_word("null")) return make(Node::Kind::null, position);
        for (const bool truth : {true, false}) {
            if (!in_.take_word(truth ? "true" : "false")) continue;
            return std::make_shared<Node>(
                Node{.kind = Node::Kind::boolean, .truth = truth, .position = position});
        }
        const char next = in_.peek();
        if (ascii::is_digit(next) || next == '-' || next == '+') return number_or_time();
        return unexpected("a field or a value");
    }

    NodePtr text() {
        const std::size_t position = in_.position();
        in_.take('\'');
        std::string value;
        while (!in_.at_end()) {
            const std::size_t run = std::min(in_.rest().find('\''), in_.rest().size());
            value += in_.rest().substr(0, run);
            in_.advance(run);
            if (!in_.take('\'')) break;
            if (in_.take('\'')) {
                value += '\'';
                continue;
            }
            if (value.size() > max_literal_bytes) {
                return fail("a value of more than 1024 bytes", position);
            }
            return make(Node::Kind::text, position, std::move(value));
        }
        return fail("a string that is not closed", position, "end it with a single quote");
    }

    NodePtr number_or_time() {
        const std::size_t position = in_.position();
        const std::size_t start = in_.offset();
        while (ascii::is_alphanumeric(in_.peek()) || in_.peek() == '.' || in_.peek() == ':' ||
               in_.peek() == '+' || in_.peek() == '-') {
            in_.advance(1);
        }
        const std::string text(in_.since(start));
        if (text.size() > max_literal_bytes) {
            return fail("a value of more than 1024 bytes", position);
        }
        if (is_number(text)) return make(Node::Kind::number, position, text);
        if (parse_time(text)) return make(Node::Kind::time, position, text);
        // An offset's plus sign that was not escaped has become a blank.
        const bool lost_a_plus =
            in_.peek() == ' ' && ascii::is_digit(in_.peek(1)) && parse_time(text + "Z").has_value();
        return fail("neither a number nor a timestamp: " + in_quotes(text), position,
                    lost_a_plus ? "write the '+' of an offset as %2B" : "");
    }

    Cursor in_;
    Fault fault_;
    std::size_t depth_ = 0;
    std::size_t conditions_ = 0;
};

}  // namespace

std::variant<NodePtr, Fault> parse_filter(std::string_view text, std::size_t* steps) {
    if (text.size() > max_filter_bytes) return Fault{.what = "is longer than 2048 bytes"};
    if (!is_storable_text(text)) return Fault{.what = "must be UTF-8 without U+0000"};
    FilterParser parser(text);
    auto filter = parser.parse();
    if (steps) *steps += parser.steps();
    return filter;
}

std::variant<std::vector<ListItem>, Fault> parse_names(std::string_view text, const char* wanted) {
    if (!is_storable_text(text)) return Fault{.what = "must be UTF-8 without U+0000"};
    Cursor in(text);
    std::vector<ListItem> items;
    while (true) {
        ListItem item{.name = std::string(in.peek_word()), .position = in.position()};
        if (item.name.empty()) {
            return Fault{.what = std::string("expected ") + wanted, .position = in.position()};
        }
        in.advance(item.name.size());
        const Cursor before = in;
        if (in.skip_blanks() && !in.peek_word().empty()) {
            item.modifier = ascii::lower(in.peek_word());
            in.advance(item.modifier.size());
        } else {
            in = before;
        }
        items.push_back(std::move(item));
        if (in.at_end()) return items;
        in.skip_blanks();
        if (!in.take(',')) return Fault{.what = "expected ','", .position = in.position()};
        in.skip_blanks();
    }
}

}  // namespace webhooks::query
