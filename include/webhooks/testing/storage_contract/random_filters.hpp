#pragma once

#include <algorithm>
#include <random>
#include <string>
#include <vector>

namespace webhooks::testing::storage_contract {
namespace {

/// A filter as a tree of text, so that a counterexample can be reduced.
struct FilterTree {
    std::string before;
    std::vector<FilterTree> children = {};
    std::string between = {};
    std::string after = {};

    std::string text() const {
        std::string text = before;
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

const std::vector<std::string> operators = {" eq ", " ne ", " gt ", " ge ", " lt ", " le "};
const std::vector<std::string> equalities = {" eq ", " ne "};
/// As written in a filter, with quotes doubled.
const std::vector<std::string> texts = {"''",    "' '",        "'a'",
                                        "'A'",   "'order'",    "'%'",
                                        "'_'",   "'a_c'",      "'O''Hara'",
                                        "'\\'",  "'\xC3\xA9'", "'\xF0\x9F\x98\x80'",
                                        "'abc'", "'ABC'",      "'order.created'",
                                        "'200'"};
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
const std::vector<std::string> times = {"2026-01-01",
                                        "2026-01-01T00:00:00Z",
                                        "2026-01-01T00:00:00.001Z",
                                        "2026-01-01T00:00:00.0005Z",
                                        "2026-01-01T01:00:00+01:00",
                                        "2025-12-31T23:59:60Z",
                                        "2026-01-01T00:00:05.250Z",
                                        "'2026-01-01T00:00:01Z'",
                                        "0001-01-01",
                                        "9999-12-31T23:59:59.999999999999Z"};

/// Generates well-formed and well-typed filters. The same seed generates the same filters.
class RandomFilters {
public:
    RandomFilters(Vocabulary fields, unsigned seed) : fields_(std::move(fields)), random_(seed) {}

    FilterTree filter(int depth = 4);
    std::string sort();

    std::size_t below(std::size_t limit) { return random_() % limit; }

    template <class T>
    const T& pick(const std::vector<T>& from) {
        return from[below(from.size())];
    }

private:
    FilterTree leaf();
    std::string comparison(const std::string& left, const std::string& right);
    std::string text_operand();
    std::string text_literal();
    std::string number_operand();
    std::string number_literal();
    std::string time_literal();

    Vocabulary fields_;
    std::mt19937 random_;
};

FilterTree RandomFilters::filter(int depth) {
    if (depth == 0 || below(4) == 0) return leaf();
    if (below(3) == 0) return {.before = "not (", .children = {filter(depth - 1)}, .after = ")"};
    FilterTree tree{.before = "(", .between = below(2) ? " and " : " or ", .after = ")"};
    for (std::size_t i = 2 + below(2); i > 0; --i) {
        tree.children.push_back(filter(depth - 1));
    }
    return tree;
}

FilterTree RandomFilters::leaf() {
    switch (below(12)) {
        case 0:
            return {pick(fields_.booleans)};
        case 1:
            return {comparison(pick(fields_.booleans), below(2) ? "true" : "false")};
        case 2:
        case 3:
            return {comparison(number_operand(), number_literal())};
        case 4:
            return {comparison(pick(fields_.times), time_literal())};
        case 5:
            return {comparison(pick(fields_.times), pick(fields_.times))};
        case 6:
            return {
                pick(std::vector{pick(fields_.times), pick(fields_.texts), pick(fields_.numbers)}) +
                pick(equalities) + "null"};
        case 7: {
            std::string list;
            for (std::size_t i = below(4); i > 0; --i) {
                list += (list.empty() ? "" : ", ") + text_literal();
            }
            return {text_operand() + " in (" + list + ")"};
        }
        case 8:
            return {number_operand() + " in (" + number_literal() + "," + number_literal() + ")"};
        case 9:
        case 10:
            return {pick(std::vector<std::string>{"contains(", "startswith(", "endswith("}) +
                    text_operand() + "," + text_literal() + ")"};
        default:
            return {comparison(text_operand(), below(2) ? text_literal() : text_operand())};
    }
}

std::string RandomFilters::sort() {
    std::vector<std::string> all = fields_.numbers;
    all.insert(all.end(), fields_.texts.begin(), fields_.texts.end());
    all.insert(all.end(), fields_.times.begin(), fields_.times.end());
    all.insert(all.end(), fields_.booleans.begin(), fields_.booleans.end());
    std::shuffle(all.begin(), all.end(), random_);
    std::string keys;
    for (std::size_t i = 0; i < 1 + below(3); ++i) {
        keys += (keys.empty() ? "" : ",") + all[i] + (below(2) ? " desc" : "");
    }
    return keys;
}

std::string RandomFilters::comparison(const std::string& left, const std::string& right) {
    const bool is_turned = below(4) == 0;
    return (is_turned ? right : left) + pick(operators) + (is_turned ? left : right);
}

std::string RandomFilters::text_operand() {
    const std::string field = pick(fields_.texts);
    switch (below(4)) {
        case 0:
            return "tolower(" + field + ")";
        case 1:
            return "toupper(" + field + ")";
        default:
            return field;
    }
}

std::string RandomFilters::text_literal() {
    return pick(texts);
}

std::string RandomFilters::number_operand() {
    return below(4) == 0 ? "length(" + text_operand() + ")" : pick(fields_.numbers);
}

std::string RandomFilters::number_literal() {
    return pick(numbers);
}

std::string RandomFilters::time_literal() {
    return pick(times);
}

}  // namespace
}  // namespace webhooks::testing::storage_contract
