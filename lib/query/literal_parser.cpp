#include <algorithm>
#include <array>
#include <base/ascii.hpp>
#include <query/literal_parser.hpp>
#include <query/literals.hpp>
#include <query/parser.hpp>

namespace webhooks::query {
namespace {

/// A suggestion for text that is neither a number nor a timestamp, if there is one.
const char* hint_on(std::string_view written, const Token& next) {
    // The plus sign of an offset has become a space because it was not percent-encoded.
    const bool has_lost_a_plus = next.kind == Token::Kind::number && next.blanks == 1 &&
                                 parse_time(std::string(written) + "Z").has_value();
    if (has_lost_a_plus) return "write the '+' of an offset as %2B";
    const std::size_t sign = written.find_first_of("+-", 1);
    const bool is_date = sign == 4 && written[sign] == '-';
    if (sign != std::string_view::npos && !is_date && is_number(written.substr(0, sign))) {
        return "arithmetic is not supported";
    }
    const bool has_suffix =
        ascii::is_letter(written.back()) && is_number(written.substr(0, written.size() - 1));
    return has_suffix ? "write numbers without a suffix" : "";
}

std::string padded(std::string_view digits, std::size_t width) {
    return std::string(width - std::min(width, digits.size()), '0') + std::string(digits);
}

}  // namespace

NodePtr make(Node::Kind kind, std::size_t position, std::string text,
             std::vector<NodePtr> children) {
    return std::make_shared<Node>(Node{.kind = kind,
                                       .text = std::move(text),
                                       .children = std::move(children),
                                       .position = position});
}

NodePtr LiteralParser::literal() {
    const std::size_t position = token().position;
    if (token().kind == Token::Kind::text) return text();
    if (token().kind == Token::Kind::number) return number_or_time();
    if (at_time_type()) return time_of_type();
    if (take("null")) return make(Node::Kind::null, position);
    if (!at("true") && !at("false")) return unexpected("a field or a value");
    return std::make_shared<Node>(
        Node{.kind = Node::Kind::boolean, .truth = is(take(), "true"), .position = position});
}

NodePtr LiteralParser::text() {
    const Token quoted = take();
    auto value = parse_text(quoted.text, quoted.position);
    if (auto* wrong = std::get_if<SyntaxError>(&value)) {
        return fail(std::move(wrong->what), wrong->position, std::move(wrong->hint));
    }
    auto& text = std::get<std::string>(value);
    if (text.size() > max_literal_bytes) {
        return fail("a value of more than 1024 bytes", quoted.position);
    }
    return make(Node::Kind::text, quoted.position, std::move(text));
}

NodePtr LiteralParser::number_or_time() {
    const Token written = take();
    const std::string text(written.text);
    if (text.size() > max_literal_bytes) {
        return fail("a value of more than 1024 bytes", written.position);
    }
    if (is_number(text)) return make(Node::Kind::number, written.position, text);
    if (parse_time(text)) return make(Node::Kind::time, written.position, text);
    return fail("neither a number nor a timestamp: " + in_quotes(text), written.position,
                hint_on(text, token()));
}

/// `DateTime(2026,11,1)`, `DateTime(2026,11,1,9,5,0)`, `DateTime.Parse("2026-11-01")` and similar
/// forms.
NodePtr LiteralParser::time_of_type() {
    const Token type = take();
    const bool has_member = take(".");
    if (has_member && !take("parse")) {
        return fail("unknown member " + in_quotes(token().text) + " of " + in_quotes(type.text),
                    token().position, "write the time itself: 2026-01-31T09:05:00Z");
    }
    if (!expect("(")) return nullptr;
    const bool may_be_numbers = !has_member && is(type, "datetime");
    NodePtr time = may_be_numbers && token().kind == Token::Kind::number ? time_of_numbers(type)
                                                                         : time_of_text(type);
    return time && expect(")") ? time : nullptr;
}

NodePtr LiteralParser::time_of_text(const Token& type) {
    if (token().kind != Token::Kind::text) return unexpected("a timestamp in quotes");
    const NodePtr quoted = text();
    if (!quoted) return nullptr;
    if (!parse_time(quoted->text)) {
        return fail(in_quotes(quoted->text) + " is no timestamp", quoted->position,
                    "write it as 2026-01-31T09:05:00Z");
    }
    return make(Node::Kind::time, type.position, quoted->text);
}

NodePtr LiteralParser::time_of_numbers(const Token& type) {
    // Year, month, day, hour, minute, second.
    std::array<std::string_view, 6> parts = {"", "", "", "0", "0", "0"};
    std::size_t count = 0;
    do {
        if (token().kind != Token::Kind::number ||
            !std::ranges::all_of(token().text, ascii::is_digit)) {
            return unexpected("a whole number");
        }
        const Token part = take();
        if (count < parts.size()) parts[count] = part.text;
        ++count;
    } while (take(","));
    if (count != 3 && count != parts.size()) {
        return fail(
            "DateTime takes a year, a month and a day, or these and hour, minute and second",
            type.position);
    }
    const std::string text = padded(parts[0], 4) + '-' + padded(parts[1], 2) + '-' +
                             padded(parts[2], 2) + 'T' + padded(parts[3], 2) + ':' +
                             padded(parts[4], 2) + ':' + padded(parts[5], 2) + 'Z';
    if (!parse_time(text)) {
        return fail("no such time: " + in_quotes(text), type.position);
    }
    return make(Node::Kind::time, type.position, text);
}

}  // namespace webhooks::query
