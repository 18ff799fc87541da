#pragma once

#include <algorithm>
#include <random>
#include <string>
#include <vector>

namespace webhooks::testing {

/// A filter as a tree of text, so that a counter-example can be made smaller.
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

/// What filters of a list may speak of.
struct Vocabulary {
    std::vector<std::string> numbers;
    std::vector<std::string> texts;
    std::vector<std::string> times;
    std::vector<std::string> booleans;
};

/// Makes filters that are well formed and well typed. The same seed makes the same filters.
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

}  // namespace webhooks::testing
