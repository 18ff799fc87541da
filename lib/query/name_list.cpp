#include <base/ascii.hpp>
#include <base/utf8.hpp>
#include <optional>
#include <query/parser.hpp>
#include <query/token_reader.hpp>

namespace webhooks::query {
namespace {

class NameListParser : TokenReader {
public:
    NameListParser(std::string_view text, const char* wanted, bool has_modifiers)
        : TokenReader(text), wanted_(wanted), has_modifiers_(has_modifiers) {}

    std::variant<ListItems, SyntaxError> parse() {
        if (!is_trimmed() || !read_items()) return error();
        return finish();
    }

    std::variant<ListItems, SyntaxError> parse_selection() {
        const bool is_object = at("new") && is(following(), "(");
        if (!is_trimmed()) return error();
        if (is_object) {
            take("new");
            take("(");
            wanted_ = "a field";
        } else if (at("new") && is(following(), "{")) {
            fail("braces are not supported", following().position, "write new(id,name) or id,name");
            return error();
        }
        if (!read_items()) return error();
        if (is_object && !take(")")) {
            expected("',' or ')'");
            return error();
        }
        return finish();
    }

private:
    std::variant<ListItems, SyntaxError> finish() {
        if (!at_end()) expected("','");
        if (!at_end() || !is_trimmed()) return error();
        return std::move(items_);
    }

    bool read_items() {
        do {
            if (!read_item()) return false;
        } while (take(","));
        return true;
    }

    bool read_item() {
        skip_it();
        if (has_modifiers_ && at("-") && following().kind == Token::Kind::word) {
            fail("expected " + std::string(wanted_) + ", found '-'", token().position,
                 "write " + std::string(following().text) + " desc");
            return false;
        }
        if (token().kind != Token::Kind::word) {
            expected(wanted_);
            return false;
        }
        const Token name = take();
        ListItem& item = items_.emplace_back(
            ListItem{.name = std::string(name.text), .position = name.position});
        if (token().kind != Token::Kind::word) return true;
        if (at("as")) {
            fail("'as' is not supported", token().position, "members keep their names: id,name");
            return false;
        }
        if (!has_modifiers_) {
            expected("','");
            return false;
        }
        item.modifier_position = token().position;
        item.modifier = ascii::lower(take().text);
        return true;
    }

    const char* wanted_;
    const bool has_modifiers_;
    ListItems items_;
};

}  // namespace

std::variant<ListItems, SyntaxError> parse_names(std::string_view text, const char* wanted) {
    if (!is_storable_text(text)) return SyntaxError{.what = "must be UTF-8 without U+0000"};
    return NameListParser(text, wanted, true).parse();
}

std::variant<ListItems, SyntaxError> parse_selection(std::string_view text) {
    if (!is_storable_text(text)) return SyntaxError{.what = "must be UTF-8 without U+0000"};
    return NameListParser(text, "a field or '*'", false).parse_selection();
}

}  // namespace webhooks::query
