#include <algorithm>
#include <boost/json/basic_parser_impl.hpp>
#include <filter/json_document.hpp>
#include <limits>
#include <utility>

namespace webhooks::filter {

namespace json = boost::json;

/// Builds a document from the events of Boost.JSON's parser.
class JsonHandler {
public:
    static constexpr std::size_t max_object_size = std::numeric_limits<std::size_t>::max();
    static constexpr std::size_t max_array_size = std::numeric_limits<std::size_t>::max();
    static constexpr std::size_t max_key_size = std::numeric_limits<std::size_t>::max();
    static constexpr std::size_t max_string_size = std::numeric_limits<std::size_t>::max();

    JsonDocument take() && { return std::move(document_); }

    /// Texts never move: no escape is shorter than what it stands for.
    void reserve(std::size_t bytes) { document_.texts_.reserve(bytes); }

    bool on_document_begin(json::error_code&) { return true; }
    bool on_document_end(json::error_code&) { return true; }
    bool on_object_begin(json::error_code& error) { return open(Kind::object, error); }
    bool on_object_end(std::size_t, json::error_code&) { return close(); }
    bool on_array_begin(json::error_code& error) { return open(Kind::array, error); }
    bool on_array_end(std::size_t, json::error_code&) { return close(); }
    bool on_key_part(json::string_view part, std::size_t, json::error_code&) { return add(part); }
    bool on_key(json::string_view part, std::size_t, json::error_code&) {
        add(part);
        name_ = take_text();
        return true;
    }
    bool on_string_part(json::string_view part, std::size_t, json::error_code&) {
        return add(part);
    }
    bool on_string(json::string_view part, std::size_t, json::error_code& error) {
        add(part);
        return leaf({.kind = Kind::text, .text = take_text()}, error);
    }
    bool on_number_part(json::string_view part, json::error_code&) { return add(part); }
    bool on_int64(std::int64_t, json::string_view part, json::error_code& error) {
        return number(part, error);
    }
    bool on_uint64(std::uint64_t, json::string_view part, json::error_code& error) {
        return number(part, error);
    }
    bool on_double(double, json::string_view part, json::error_code& error) {
        return number(part, error);
    }
    bool on_bool(bool truth, json::error_code& error) {
        return leaf({.kind = Kind::boolean, .truth = truth}, error);
    }
    bool on_null(json::error_code& error) { return leaf({.kind = Kind::null}, error); }
    bool on_comment_part(json::string_view, json::error_code&) { return true; }
    bool on_comment(json::string_view, json::error_code&) { return true; }

private:
    using Kind = JsonDocument::Kind;
    using Value = JsonDocument::Value;

    bool add(json::string_view part) {
        document_.texts_.insert(document_.texts_.end(), part.begin(), part.end());
        return true;
    }
    std::string_view take_text() {
        const std::size_t begin = std::exchange(begin_, document_.texts_.size());
        return {document_.texts_.data() + begin, begin_ - begin};
    }
    bool number(json::string_view part, json::error_code& error) {
        add(part);
        return leaf({.kind = Kind::number, .text = take_text()}, error);
    }
    bool leaf(Value value, json::error_code& error) {
        if (document_.values_.size() == JsonDocument::max_values) {
            error = json::error::array_too_large;
            return false;
        }
        value.name = std::exchange(name_, {});
        value.end = document_.values_.size() + 1;
        document_.values_.push_back(value);
        return true;
    }
    bool open(Kind kind, json::error_code& error) {
        parents_.push_back(document_.values_.size());
        return leaf({.kind = kind}, error);
    }
    bool close() {
        Value& parent = document_.values_[parents_.back()];
        parent.end = document_.values_.size();
        document_.list_children(parent);
        parents_.pop_back();
        return true;
    }

    JsonDocument document_;
    std::vector<std::size_t> parents_;
    std::string_view name_;
    std::size_t begin_ = 0;  ///< Of the text that is being read.
};

std::optional<JsonDocument> JsonDocument::parse(std::string_view text) {
    json::parse_options options;
    options.max_depth = max_values;
    json::basic_parser<JsonHandler> parser(options);
    parser.handler().reserve(text.size());
    json::error_code error;
    const std::size_t read = parser.write_some(false, text.data(), text.size(), error);
    if (error || read != text.size()) return std::nullopt;
    return std::move(parser.handler()).take();
}

const JsonDocument::Value* JsonDocument::first_in(const Value& parent) const noexcept {
    const std::size_t first = index_of(parent) + 1;
    return first < parent.end ? &values_[first] : nullptr;
}

const JsonDocument::Value* JsonDocument::after(const Value& sibling,
                                               const Value& parent) const noexcept {
    return sibling.end < parent.end ? &values_[sibling.end] : nullptr;
}

void JsonDocument::list_children(Value& parent) {
    constexpr std::size_t few = 32;
    const std::size_t begin = children_.size();
    for (const Value* at = first_in(parent); at; at = after(*at, parent)) {
        children_.push_back(index_of(*at));
    }
    const auto first = children_.begin() + static_cast<std::ptrdiff_t>(begin);
    if (children_.size() - begin <= few) {
        children_.erase(first, children_.end());
        return;
    }
    parent.list = begin;
    parent.size = children_.size() - begin;
    if (parent.kind == Kind::array) return;
    // Those of the same name stay in their order.
    std::stable_sort(first, children_.end(), [this](std::size_t left, std::size_t right) {
        return values_[left].name < values_[right].name;
    });
}

const JsonDocument::Value* JsonDocument::member(const Value& object,
                                                std::string_view name) const noexcept {
    if (object.kind != Kind::object) return nullptr;
    const Value* last = nullptr;
    if (object.size == 0) {
        for (const Value* at = first_in(object); at; at = after(*at, object)) {
            if (at->name == name) last = at;
        }
        return last;
    }
    const auto first = children_.begin() + static_cast<std::ptrdiff_t>(object.list);
    const auto found = std::upper_bound(first, first + static_cast<std::ptrdiff_t>(object.size),
                                        name, [this](std::string_view wanted, std::size_t child) {
                                            return wanted < values_[child].name;
                                        });
    if (found == first || values_[*(found - 1)].name != name) return nullptr;
    return &values_[*(found - 1)];
}

const JsonDocument::Value* JsonDocument::item(const Value& array,
                                              std::size_t index) const noexcept {
    if (array.kind != Kind::array) return nullptr;
    if (array.size > 0)
        return index < array.size ? &values_[children_[array.list + index]] : nullptr;
    const Value* at = first_in(array);
    while (at && index-- > 0) {
        at = after(*at, array);
    }
    return at;
}

}  // namespace webhooks::filter
