#pragma once

#include <algorithm>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace webhooks::testing::storage_contract {
namespace {

/// A part of a query in two forms: only in the spelling of OData, and in any spelling.
struct Spelled {
    std::string odata;
    std::string mixed;

    Spelled() = default;
    // Implicit: text that is the same in both spellings is written as is.
    Spelled(const char* text) : odata(text), mixed(text) {}
    Spelled(const std::string& text) : odata(text), mixed(text) {}
    Spelled(std::string in_odata, std::string otherwise)
        : odata(std::move(in_odata)), mixed(std::move(otherwise)) {}

    Spelled& operator+=(const Spelled& more) {
        odata += more.odata;
        mixed += more.mixed;
        return *this;
    }
    friend Spelled operator+(Spelled left, const Spelled& right) { return left += right; }
};

/// A filter as a tree of text, so that a counterexample can be reduced.
struct FilterTree {
    Spelled before;
    std::vector<FilterTree> children = {};
    Spelled between = {};
    Spelled after = {};

    Spelled text() const {
        Spelled text = before;
        for (std::size_t i = 0; i < children.size(); ++i) {
            if (i > 0) text += between;
            text += children[i].text();
        }
        return text + after;
    }
};

/// The fields and values that filters of a list may use.
struct Vocabulary {
    std::vector<std::string> numbers;
    std::vector<std::string> texts;
    std::vector<std::string> times;
    std::vector<std::string> booleans;
};

// ---- What stands in a filter.

/// The OData form, and the alternatives.
struct Spellings {
    std::string odata;
    std::vector<std::string> others;
};

const std::vector<Spellings> equalities = {{" eq ", {"=", "==", " = ", " == "}},
                                           {" ne ", {"!=", "<>", " != ", " <> "}}};
const std::vector<Spellings> operators = {equalities[0],          equalities[1],
                                          {" gt ", {">", " > "}}, {" ge ", {">=", " >= "}},
                                          {" lt ", {"<", " < "}}, {" le ", {"<=", " <= "}}};
const Spellings conjunction = {" and ", {"&&", " && ", " AndAlso "}};
const Spellings disjunction = {" or ", {"||", " || ", " OrElse "}};
const Spellings negation = {"not ", {"!", "! "}};
const Spellings descending = {" desc", {" descending"}};
const Spellings ascending = {"", {" asc", " ascending"}};

/// Each with the names of its function and its method.
const std::vector<std::pair<std::string, std::string>> folds = {{"tolower", "ToLower"},
                                                                {"toupper", "ToUpper"}};
const std::vector<std::pair<std::string, std::string>> tests = {
    {"contains", "Contains"}, {"startswith", "StartsWith"}, {"endswith", "EndsWith"}};

const std::vector<std::string> texts = {"",
                                        " ",
                                        "a",
                                        "A",
                                        "order",
                                        "%",
                                        "_",
                                        "a_c",
                                        "O'Hara",
                                        "\\",
                                        "\"",
                                        "\xC3\xA9",
                                        "\xF0\x9F\x98\x80",
                                        "abc",
                                        "ABC",
                                        "order.created",
                                        "200"};
const std::vector<std::string> numbers = {"0",
                                          "1",
                                          "-1",
                                          "2",
                                          "3",
                                          "1.5",
                                          "-0.5",
                                          "2.0",
                                          "1e1",
                                          "200",
                                          "204",
                                          "500",
                                          "199.99",
                                          "9223372036854775807",
                                          "-9223372036854775808",
                                          "1e-3"};
const std::vector<Spellings> times = {
    {"2026-01-01", {"DateTime(2026,1,1)", "DateTime.Parse(\"2026-01-01\")"}},
    {"2026-01-01T00:00:00Z", {"DateTime(2026, 01, 01, 0, 0, 0)", "\"2026-01-01T00:00:00Z\""}},
    {"2026-01-01T00:00:00.001Z", {"'2026-01-01T00:00:00.001Z'"}},
    {"2026-01-01T00:00:00.0005Z", {"DateTimeOffset(\"2026-01-01T00:00:00.0005Z\")"}},
    {"2026-01-01T01:00:00+01:00", {"DateTimeOffset.Parse(\"2026-01-01T01:00:00+01:00\")"}},
    {"2025-12-31T23:59:60Z", {"DateTime(2026,1,1,0,0,0)"}},
    {"2026-01-01T00:00:05.250Z", {}},
    {"'2026-01-01T00:00:01Z'", {"DateTime(2026,1,1,0,0,1)"}},
    {"0001-01-01", {"DateTime(1,1,1)"}},
    {"9999-12-31T23:59:59.999999999999Z", {}}};

/// Generates well-formed and well-typed filters. The same seed generates the same filters.
class RandomFilters {
public:
    RandomFilters(Vocabulary fields, unsigned seed) : fields_(std::move(fields)), random_(seed) {}

    FilterTree filter(int depth = 4);
    Spelled sort();

    std::size_t below(std::size_t limit) { return random_() % limit; }

    template <class T>
    const T& pick(const std::vector<T>& from) {
        return from[below(from.size())];
    }

private:
    FilterTree leaf();
    Spelled absence();
    Spelled membership();
    Spelled text_test();
    Spelled comparison(const Spelled& left, const Spelled& right);
    Spelled field(const std::string& name);
    Spelled text_operand();
    Spelled text_literal();
    Spelled number_operand();
    Spelled number_literal() { return pick(numbers); }
    Spelled time_literal() { return spell(pick(times)); }
    std::string double_quoted(const std::string& text);
    Spelled spell(const Spellings& spellings);

    Vocabulary fields_;
    std::mt19937 random_;
};

std::string single_quoted(const std::string& text) {
    std::string quoted = "'";
    for (const char c : text) {
        quoted += c;
        if (c == '\'') quoted += c;
    }
    return quoted + "'";
}

FilterTree RandomFilters::filter(int depth) {
    if (depth == 0 || below(4) == 0) return leaf();
    if (below(3) == 0) {
        return {.before = spell(negation) + "(", .children = {filter(depth - 1)}, .after = ")"};
    }
    FilterTree tree{
        .before = "(", .between = spell(below(2) ? conjunction : disjunction), .after = ")"};
    for (std::size_t i = 2 + below(2); i > 0; --i) {
        tree.children.push_back(filter(depth - 1));
    }
    return tree;
}

FilterTree RandomFilters::leaf() {
    switch (below(12)) {
        case 0:
            return {(below(2) ? Spelled() : spell(negation)) + field(pick(fields_.booleans))};
        case 1:
            return {comparison(field(pick(fields_.booleans)), below(2) ? "true" : "false")};
        case 2:
        case 3:
            return {comparison(number_operand(), number_literal())};
        case 4:
            return {comparison(field(pick(fields_.times)), time_literal())};
        case 5:
            return {comparison(field(pick(fields_.times)), field(pick(fields_.times)))};
        case 6:
            return {absence()};
        case 7:
        case 8:
            return {membership()};
        case 9:
        case 10:
            return {text_test()};
        default:
            return {comparison(text_operand(), below(2) ? text_literal() : text_operand())};
    }
}

Spelled RandomFilters::absence() {
    if (below(3) == 0) {
        const Spelled text = field(pick(fields_.texts));
        return {"(" + text.odata + " eq null or " + text.odata + " eq '')",
                "string.IsNullOrEmpty(" + text.mixed + ")"};
    }
    const std::string name =
        pick(std::vector{pick(fields_.times), pick(fields_.texts), pick(fields_.numbers)});
    return field(name) + spell(pick(equalities)) + "null";
}

Spelled RandomFilters::membership() {
    const bool is_text = below(2) != 0;
    const Spelled wanted = is_text ? text_operand() : number_operand();
    Spelled list;
    for (std::size_t i = below(4); i > 0; --i) {
        if (!list.odata.empty()) list += {",", ", "};
        list += is_text ? text_literal() : number_literal();
    }
    const Spelled in = wanted + " in (" + list + ")";
    if (below(2)) return in;
    return {"not (" + in.odata + ")", wanted.mixed + " not in (" + list.mixed + ")"};
}

Spelled RandomFilters::text_test() {
    const auto& [function, method] = pick(tests);
    const Spelled text = text_operand();
    const Spelled part = text_literal();
    const std::string call = function + "(";
    if (below(2)) return call + text + "," + part + ")";
    return {call + text.odata + "," + part.odata + ")",
            text.mixed + "." + method + "(" + part.mixed + ")"};
}

Spelled RandomFilters::sort() {
    std::vector<std::string> all = fields_.numbers;
    all.insert(all.end(), fields_.texts.begin(), fields_.texts.end());
    all.insert(all.end(), fields_.times.begin(), fields_.times.end());
    all.insert(all.end(), fields_.booleans.begin(), fields_.booleans.end());
    std::shuffle(all.begin(), all.end(), random_);
    Spelled keys;
    for (std::size_t i = 0; i < 1 + below(3); ++i) {
        if (!keys.odata.empty()) keys += {",", ", "};
        keys += all[i] + spell(below(2) ? descending : ascending);
    }
    return keys;
}

Spelled RandomFilters::comparison(const Spelled& left, const Spelled& right) {
    const bool is_turned = below(4) == 0;
    return (is_turned ? right : left) + spell(pick(operators)) + (is_turned ? left : right);
}

Spelled RandomFilters::field(const std::string& name) {
    std::string pascal = name;
    pascal[0] = static_cast<char>(pascal[0] - 'a' + 'A');
    return spell({name, {pascal, "it." + pascal, "np(" + pascal + ")"}});
}

Spelled RandomFilters::text_operand() {
    Spelled text = field(pick(fields_.texts));
    if (below(2)) return text;
    const auto& [function, method] = pick(folds);
    return {function + "(" + text.odata + ")",
            below(2) ? function + "(" + text.mixed + ")" : text.mixed + "." + method + "()"};
}

Spelled RandomFilters::text_literal() {
    const std::string& text = pick(texts);
    return spell({single_quoted(text), {double_quoted(text)}});
}

Spelled RandomFilters::number_operand() {
    if (below(4)) return field(pick(fields_.numbers));
    const Spelled text = text_operand();
    return {"length(" + text.odata + ")",
            below(2) ? "length(" + text.mixed + ")" : text.mixed + ".Length"};
}

std::string RandomFilters::double_quoted(const std::string& text) {
    if (below(2)) {
        if (text == "\xC3\xA9") return "\"\\u00e9\"";
        if (text == "\xF0\x9F\x98\x80") return "\"\\uD83D\\uDE00\"";
    }
    std::string quoted = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\') quoted += '\\';
        quoted += c;
    }
    return quoted + "\"";
}

/// Once in OData's spelling, and once in any.
Spelled RandomFilters::spell(const Spellings& spellings) {
    const std::size_t which = below(spellings.others.size() + 1);
    return {spellings.odata, which == 0 ? spellings.odata : spellings.others[which - 1]};
}

}  // namespace
}  // namespace webhooks::testing::storage_contract
