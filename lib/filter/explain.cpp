#include <base/json_text.hpp>
#include <base/utf8.hpp>
#include <filter/explain.hpp>
#include <string>

namespace webhooks::filter {
namespace {

using query::Node;
using Kind = Node::Kind;

/// The part of a text from one position to another, in characters from 1.
std::string_view between(std::string_view text, std::size_t from, std::size_t to) {
    std::size_t begin = text.size();
    std::size_t position = 0;
    for (std::size_t at = 0; at < text.size(); ++at) {
        if (is_utf8_tail(text[at])) continue;
        ++position;
        if (position == from) begin = at;
        if (position == to) return text.substr(begin, at - begin);
    }
    return text.substr(begin);
}

/// Writes values as JSON, until there is enough.
class JsonWriter {
public:
    JsonWriter(const JsonDocument& document, std::size_t enough)
        : document_(document), enough_(enough) {}

    std::string write(const JsonDocument::Value& value) {
        add(value);
        return std::move(text_);
    }

private:
    void add(const JsonDocument::Value& value) {
        using Json = JsonDocument::Kind;
        switch (value.kind) {
            case Json::null:
                text_ += "null";
                break;
            case Json::boolean:
                text_ += value.truth ? "true" : "false";
                break;
            case Json::number:
                text_ += value.text;
                break;
            case Json::text:
                text_ += json_string(value.text.substr(0, enough_));
                break;
            case Json::array:
            case Json::object:
                add_children(value);
        }
    }

    void add_children(const JsonDocument::Value& parent) {
        const bool is_object = parent.kind == JsonDocument::Kind::object;
        text_ += is_object ? '{' : '[';
        for (const auto* at = document_.first_in(parent); at && text_.size() < enough_;
             at = document_.after(*at, parent)) {
            if (text_.back() != '{' && text_.back() != '[') text_ += ',';
            if (is_object) text_ += json_string(at->name.substr(0, enough_)) + ":";
            add(*at);
        }
        text_ += is_object ? '}' : ']';
    }

    const JsonDocument& document_;
    const std::size_t enough_;
    std::string text_;
};

std::string cut(std::string text) {
    constexpr std::string_view rest = "…";
    if (text.size() <= max_condition_value_bytes) return text;
    std::size_t end = max_condition_value_bytes - rest.size();
    while (is_utf8_tail(text[end])) {
        --end;
    }
    return text.substr(0, end).append(rest);
}

/// The first path or event type in a condition; null if it has none.
const Node* subject_of(const Node& condition) {
    if (condition.kind == Kind::path || condition.kind == Kind::field) return &condition;
    for (const query::NodePtr& child : condition.children) {
        if (const Node* found = subject_of(*child)) return found;
    }
    return nullptr;
}

std::optional<std::string> value_of(const Node& condition, const Candidate& candidate) {
    const Node* subject = subject_of(condition);
    if (!subject) return std::nullopt;
    if (subject->kind == Kind::field) return cut(json_string(candidate.event_type));
    const JsonDocument::Value* found = find(*subject, candidate);
    if (!found) return std::nullopt;
    return cut(JsonWriter(*candidate.payload, 2 * max_condition_value_bytes).write(*found));
}

class Explanation {
public:
    Explanation(std::string_view text, const Candidate& candidate)
        : text_(text), candidate_(candidate) {}

    void add(const Node& node) {
        const bool is_combination = node.kind == Kind::all_of || node.kind == Kind::any_of;
        if (is_combination || (node.kind == Kind::negation && !is_not_in(node))) {
            for (const query::NodePtr& part : node.children) {
                add(*part);
            }
            return;
        }
        const std::size_t end = is_not_in(node) ? node.children[0]->end : node.end;
        FilterCondition condition{.text = std::string(between(text_, node.position, end)),
                                  .character = node.position};
        condition.value = value_of(node, candidate_);
        condition.result = evaluate(node, candidate_, steps_);
        conditions_.push_back(std::move(condition));
    }

    std::vector<FilterCondition> take() { return std::move(conditions_); }

private:
    /// `path not in (…)` is written as one condition.
    static bool is_not_in(const Node& node) {
        return node.kind == Kind::negation && node.children[0]->kind == Kind::in &&
               node.children[0]->position == node.position;
    }

    const std::string_view text_;
    const Candidate& candidate_;
    std::size_t steps_ = max_steps;
    std::vector<FilterCondition> conditions_;
};

}  // namespace

std::vector<FilterCondition> explain(const PayloadFilter& filter, std::string_view text,
                                     const Candidate& candidate) {
    Explanation explanation(text, candidate);
    explanation.add(filter.node());
    return explanation.take();
}

}  // namespace webhooks::filter
