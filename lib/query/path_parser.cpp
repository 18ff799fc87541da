#include <algorithm>
#include <base/ascii.hpp>
#include <query/parser.hpp>
#include <query/path_parser.hpp>

namespace webhooks::query {
namespace {

constexpr const char* quote_names =
    "a name with other characters than letters, digits and _ is quoted: payload/'order-id'";
constexpr const char* name_items = "name each item: payload/items/any(i: i/sku eq 'b')";

}  // namespace

bool PathParser::is_variable(std::string_view name) const {
    return std::ranges::find(variables_, name) != variables_.end();
}

NodePtr PathParser::path() {
    if (token().kind != Token::Kind::word) return unexpected("a path or a value");
    const bool is_payload = at("payload");
    const bool is_event_type = at("eventtype");
    const Token root = take();
    if (is_event_type) return make(Node::Kind::field, root.position, "eventType");
    if (!is_payload && !is_variable(root.text)) {
        constexpr std::size_t max_example_bytes = 64;
        const std::string_view example = root.text.size() > max_example_bytes ? "name" : root.text;
        return fail("unknown name " + in_quotes(root.text), root.position,
                    "a member of the payload is written payload/" + std::string(example) +
                        ", a text '" + std::string(example) + "'");
    }
    std::vector<NodePtr> segments;
    const auto so_far = [&] {
        return make(Node::Kind::path, root.position,
                    is_payload ? "payload" : std::string(root.text), std::move(segments));
    };
    while (at("/") && token().blanks == 0) {
        take();
        if ((at("any") || at("all")) && at_call()) return lambda(so_far());
        if (segments.size() == max_segments) {
            return fail("more than 16 segments in a path", token().position);
        }
        NodePtr next = segment();
        if (!next) return nullptr;
        segments.push_back(std::move(next));
    }
    if (token().blanks == 0 && token().text.starts_with('-')) {
        return fail("'-' in a path", token().position, quote_names);
    }
    return so_far();
}

NodePtr PathParser::segment() {
    if (token().blanks > 0) return fail("a blank in a path", token().position);
    const std::size_t position = token().position;
    if (token().kind == Token::Kind::text) {
        NodePtr name = literal();
        return name;
    }
    const bool is_index = std::ranges::all_of(token().text, ascii::is_digit);
    if (token().kind == Token::Kind::number && is_index) {
        return make(Node::Kind::number, position, std::string(take().text));
    }
    if (token().kind == Token::Kind::word) {
        return make(Node::Kind::text, position, std::string(take().text));
    }
    return fail("expected the name of a member or the index of an item", position, quote_names);
}

NodePtr PathParser::lambda(NodePtr collection) {
    const Token which = take();
    const Node::Kind kind = is(which, "any") ? Node::Kind::any : Node::Kind::all;
    const std::size_t position = collection->position;
    take("(");
    if (kind == Node::Kind::any && take(")")) {
        return make(kind, position, {}, {std::move(collection)});
    }
    const NodePtr name = variable();
    if (!name) return nullptr;
    variables_.push_back(name->text);
    NodePtr body = lambda_body();
    variables_.pop_back();
    if (!body || !expect(")")) return nullptr;
    return make(kind, position, name->text, {std::move(collection), std::move(body)});
}

NodePtr PathParser::variable() {
    if (variables_.size() == max_lambda_depth) {
        return fail("more than 2 of 'any' and 'all' within each other", token().position);
    }
    if (token().kind != Token::Kind::word) {
        return fail("expected a variable", token().position, name_items);
    }
    const Token name = take();
    if (is_variable(name.text) || is(name, "payload") || is(name, "eventtype") ||
        is(name, "true") || is(name, "false") || is(name, "null") || is(name, "not")) {
        return fail(in_quotes(name.text) + " cannot be a variable, because it has a meaning",
                    name.position);
    }
    if (!take(":")) return fail("expected ':'", token().position, name_items);
    return make(Node::Kind::text, name.position, std::string(name.text));
}

NodePtr PathParser::existence() {
    const std::size_t position = take().position;
    take("(");
    NodePtr found = path();
    if (!found) return nullptr;
    if (found->kind != Node::Kind::path) {
        return fail("'exists' takes a path into the payload", found->position);
    }
    if (!expect(")")) return nullptr;
    return make(Node::Kind::exists, position, {}, {std::move(found)});
}

}  // namespace webhooks::query
