#include <algorithm>
#include <base/ascii.hpp>
#include <base/time_text.hpp>
#include <base/utf8.hpp>
#include <charconv>
#include <cstring>
#include <deque>
#include <filter/decimal.hpp>
#include <filter/evaluate.hpp>
#include <string>
#include <utility>
#include <vector>

namespace webhooks::filter {
namespace {

using query::Node;
using Kind = Node::Kind;
using Truth = std::optional<bool>;

/// What a term stands for. Absent members count as null.
struct Value {
    enum class Type : std::uint8_t { null, boolean, number, text, time, collection, unknown };

    Type type = Type::null;
    bool truth = false;
    std::string_view text = {};  ///< Of a number, as written, or of a text or time.
};

Truth negate(Truth truth) {
    return truth ? Truth(!*truth) : std::nullopt;
}

/// A time in a payload has a day, a time of day and an offset.
std::optional<TimeText> instant(const Value& value) {
    constexpr std::size_t length_of_day = sizeof "YYYY-MM-DD" - 1;
    constexpr std::size_t max_length = 64;
    if (value.type == Value::Type::time) return read_time(value.text);
    const bool may_be_one = value.type == Value::Type::text && value.text.size() > length_of_day &&
                            value.text.size() <= max_length;
    return may_be_one ? read_time(value.text) : std::nullopt;
}

Value found(const JsonDocument::Value& json) {
    using Json = JsonDocument::Kind;
    switch (json.kind) {
        case Json::null:
            return {};
        case Json::boolean:
            return {.type = Value::Type::boolean, .truth = json.truth};
        case Json::number:
            return {.type = Value::Type::number, .text = json.text};
        case Json::text:
            return {.type = Value::Type::text, .text = json.text};
        default:
            return {.type = Value::Type::collection};
    }
}

/// In linear time, which `std::string_view::find` does not promise.
bool contains(std::string_view text, std::string_view part) {
    return memmem(text.data(), text.size(), part.data(), part.size()) != nullptr;
}

Truth is_ordered(Kind kind, std::optional<std::strong_ordering> order) {
    if (!order) return std::nullopt;
    switch (kind) {
        case Kind::less:
            return *order < 0;
        case Kind::less_equal:
            return *order <= 0;
        case Kind::greater:
            return *order > 0;
        default:
            return *order >= 0;
    }
}

class Evaluation {
public:
    Evaluation(const Candidate& candidate, std::size_t& steps)
        : candidate_(candidate), steps_(steps) {}

    Truth holds(const Node& node) {
        if (!take()) return std::nullopt;
        const auto term = [&](std::size_t index) { return value(*node.children[index]); };
        switch (node.kind) {
            case Kind::boolean:
                return node.truth;
            case Kind::path:
                return bare(value(node));
            case Kind::equal:
                return equals(term(0), term(1));
            case Kind::not_equal:
                return negate(equals(term(0), term(1)));
            case Kind::less:
            case Kind::less_equal:
            case Kind::greater:
            case Kind::greater_equal:
                return is_ordered(node.kind, compare(term(0), term(1)));
            case Kind::in:
                return is_member(node);
            case Kind::contains:
            case Kind::starts_with:
            case Kind::ends_with:
                return test_text(node.kind, term(0), term(1));
            case Kind::any:
            case Kind::all:
                return holds_for_items(node);
            case Kind::exists:
                return find(*node.children[0]) != nullptr;
            case Kind::all_of:
            case Kind::any_of:
                return combine(node);
            case Kind::negation:
                return negate(holds(*node.children[0]));
            default:
                return std::nullopt;
        }
    }

    /// What a path leads to; null if it is absent.
    const JsonDocument::Value* find(const Node& path) {
        if (!candidate_.payload) return nullptr;
        const JsonDocument::Value* at = &candidate_.payload->root();
        const auto variable = std::ranges::find(items_, path.text, &Item::first);
        if (variable != items_.end()) at = variable->second;
        for (const query::NodePtr& segment : path.children) {
            constexpr std::size_t search = 4;  // Among many children.
            if (!take(segment->text.size(), at->size > 0 ? search : 1)) return nullptr;
            at = segment->kind == Kind::number ? item(*at, segment->text)
                                               : candidate_.payload->member(*at, segment->text);
            if (!at) return nullptr;
        }
        return at;
    }

private:
    Value value(const Node& node) {
        using Type = Value::Type;
        switch (node.kind) {
            case Kind::field:
                return {.type = Type::text, .text = candidate_.event_type};
            case Kind::path: {
                const JsonDocument::Value* json = find(node);
                return json ? found(*json) : Value{};
            }
            case Kind::text:
                return {.type = Type::text, .text = node.text};
            case Kind::number:
                return {.type = Type::number, .text = node.text};
            case Kind::time:
                return {.type = Type::time, .text = node.text};
            case Kind::boolean:
                return {.type = Type::boolean, .truth = node.truth};
            case Kind::null:
                return {};
            default:
                return applied(node.kind, value(*node.children[0]));
        }
    }

    /// @param bytes of text that are looked at. @return false: none are left.
    bool take(std::size_t bytes = 0, std::size_t steps = 1) {
        constexpr std::size_t bytes_of_a_step = 64;
        steps_ -= std::min(steps_, steps + bytes / bytes_of_a_step);
        return steps_ > 0;
    }

    static Truth bare(const Value& value) {
        return value.type == Value::Type::boolean ? Truth(value.truth) : std::nullopt;
    }

    /// A function of a text; of anything else it is unknown.
    Value applied(Kind function, const Value& argument) {
        using Type = Value::Type;
        if (!take(argument.text.size()) || argument.type != Type::text) {
            return {.type = Type::unknown};
        }
        if (function == Kind::length) {
            const auto characters =
                std::ranges::count_if(argument.text, [](char c) { return !is_utf8_tail(c); });
            return {.type = Type::number, .text = made_.emplace_back(std::to_string(characters))};
        }
        std::string& text = made_.emplace_back(argument.text);
        for (char& c : text) {
            c = function == Kind::to_lower ? ascii::lower(c) : ascii::upper(c);
        }
        return {.type = Type::text, .text = text};
    }

    /// nullopt: the two have no order.
    std::optional<std::strong_ordering> compare(const Value& left, const Value& right) {
        using Type = Value::Type;
        if (left.type == Type::number && right.type == Type::number) {
            if (!take(left.text.size() + right.text.size())) return std::nullopt;
            return compare_decimals(left.text, right.text);
        }
        if (!take(std::min(left.text.size(), right.text.size()))) return std::nullopt;
        if (left.type == Type::text && right.type == Type::text) {
            return left.text.compare(right.text) <=> 0;
        }
        if (left.type != Type::time && right.type != Type::time) return std::nullopt;
        // One is a literal, and the other should be a text of the payload.
        const std::optional<TimeText> a = instant(left);
        const std::optional<TimeText> b = instant(right);
        if (!a || !b) return std::nullopt;
        if (a->time != b->time) {
            return a->time < b->time ? std::strong_ordering::less : std::strong_ordering::greater;
        }
        return a->is_cut <=> b->is_cut;
    }

    Truth equals(const Value& left, const Value& right) {
        using Type = Value::Type;
        if (!take() || left.type == Type::unknown || right.type == Type::unknown) {
            return std::nullopt;
        }
        if (left.type == Type::boolean && right.type == Type::boolean) {
            return left.truth == right.truth;
        }
        if (left.type == Type::null || right.type == Type::null) return left.type == right.type;
        return compare(left, right) == std::strong_ordering::equal;
    }

    Truth test_text(Kind kind, const Value& text, const Value& part) {
        const std::size_t bytes = kind == Kind::contains ? text.text.size() : part.text.size();
        if (!take(bytes) || text.type != Value::Type::text) return std::nullopt;
        if (kind == Kind::starts_with) return text.text.starts_with(part.text);
        if (kind == Kind::ends_with) return text.text.ends_with(part.text);
        return contains(text.text, part.text);
    }

    const JsonDocument::Value* item(const JsonDocument::Value& array,
                                    const std::string& index) const {
        std::size_t place = 0;
        const auto [end, error] = std::from_chars(index.data(), index.data() + index.size(), place);
        if (error != std::errc{}) return nullptr;  // Beyond any array.
        return candidate_.payload->item(array, place);
    }

    Truth is_member(const Node& node) {
        const Value wanted = value(*node.children[0]);
        if (wanted.type == Value::Type::unknown) return std::nullopt;
        for (std::size_t i = 1; i < node.children.size(); ++i) {
            if (equals(wanted, value(*node.children[i])) == true) return true;
        }
        return false;
    }

    /// True or false as soon as one part decides it; else unknown if one part is.
    Truth combine(const Node& node) {
        const bool decisive = node.kind == Kind::any_of;
        Truth result = !decisive;
        for (const query::NodePtr& part : node.children) {
            const Truth truth = holds(*part);
            if (truth == decisive) return decisive;
            if (!truth) result = std::nullopt;
        }
        return result;
    }

    /// The same for the items of an array; what is no array has none.
    Truth holds_for_items(const Node& node) {
        const bool decisive = node.kind == Kind::any;
        Truth result = !decisive;
        const JsonDocument::Value* array = find(*node.children[0]);
        if (!array || array->kind != JsonDocument::Kind::array) return result;
        const std::size_t made_before = made_.size();
        for (const auto* at = candidate_.payload->first_in(*array); at;
             at = candidate_.payload->after(*at, *array)) {
            if (!take()) return std::nullopt;
            if (node.children.size() == 1) return true;
            items_.emplace_back(node.text, at);
            const Truth truth = holds(*node.children[1]);
            items_.pop_back();
            made_.resize(made_before);
            if (truth == decisive) return decisive;
            if (!truth) result = std::nullopt;
        }
        return result;
    }

    using Item = std::pair<std::string_view, const JsonDocument::Value*>;

    const Candidate& candidate_;
    std::size_t& steps_;
    std::vector<Item> items_;       ///< The variables of the lambdas around, from the outermost.
    std::deque<std::string> made_;  ///< Results of functions, which values refer to.
};

}  // namespace

std::optional<bool> evaluate(const Node& filter, const Candidate& candidate, std::size_t& steps) {
    const Truth truth = Evaluation(candidate, steps).holds(filter);
    // Steps that were missing may have hidden what would have decided otherwise.
    return steps == 0 ? std::nullopt : truth;
}

const JsonDocument::Value* find(const Node& path, const Candidate& candidate) {
    std::size_t steps = max_steps;
    return Evaluation(candidate, steps).find(path);
}

}  // namespace webhooks::filter
