#include "object_parser.hpp"

#include <algorithm>
#include <boost/json/basic_parser_impl.hpp>
#include <charconv>
#include <cstdint>
#include <stdexcept>

#include "../ascii.hpp"
#include "values.hpp"

namespace webhooks::http::json {
namespace {

using boost::system::error_code;
using Text = boost::json::string_view;

/// Accepts what Boost.JSON's parser accepts, except U+0000 in names and strings. Stores nothing.
class Validator {
public:
    static constexpr std::size_t max_array_size = SIZE_MAX;
    static constexpr std::size_t max_object_size = SIZE_MAX;
    static constexpr std::size_t max_string_size = SIZE_MAX;
    static constexpr std::size_t max_key_size = SIZE_MAX;

    /// @param depth the level of the objects that have the raw member: 1 is the outermost.
    Validator(std::string_view raw_member, std::size_t depth)
        : raw_member_(raw_member), member_depth_(depth) {}

    bool found_null_character() const noexcept { return found_null_character_; }

    bool on_document_begin(error_code&) { return true; }
    bool on_document_end(error_code&) { return true; }
    bool on_array_begin(error_code&) { return enter(); }
    bool on_array_end(std::size_t, error_code&) { return leave(); }
    bool on_object_begin(error_code&) { return enter(); }
    bool on_object_end(std::size_t, error_code&) { return leave(); }
    bool on_string_part(Text text, std::size_t, error_code& error) { return check(text, error); }
    bool on_string(Text text, std::size_t, error_code& error) { return check(text, error); }
    bool on_key_part(Text text, std::size_t, error_code& error) {
        if (depth_ == member_depth_) {
            is_raw_ = false;
            name_.append(text);
        }
        return check(text, error);
    }
    bool on_key(Text text, std::size_t size, error_code& error) {
        if (!on_key_part(text, size, error)) return false;
        if (depth_ == member_depth_) {
            is_raw_ = !raw_member_.empty() && iequals(name_, raw_member_);
            name_.clear();
        }
        return true;
    }
    bool on_number_part(Text text, error_code&) {
        number_.append(text);
        return true;
    }
    bool on_int64(std::int64_t, Text, error_code&) { return end_number(); }
    bool on_uint64(std::uint64_t, Text, error_code&) { return end_number(); }
    bool on_double(double, Text text, error_code& error) {
        number_.append(text);
        if (!has_int_exponent(number_)) error = boost::json::error::exponent_overflow;
        return end_number() && !error;
    }
    bool on_bool(bool, error_code&) { return true; }
    bool on_null(error_code&) { return true; }
    bool on_comment_part(Text, error_code&) { return true; }
    bool on_comment(Text, error_code&) { return true; }

private:
    /// Boost 1.81 rejects larger exponents itself; 1.83 converts them to infinity.
    static bool has_int_exponent(Text number) {
        const std::size_t e = number.find_first_of("eE");
        if (e == Text::npos) return true;
        Text digits = number.substr(std::min(number.find_first_of("0123456789", e), number.size()));
        digits.remove_prefix(std::min(digits.find_first_not_of('0'), digits.size()));
        int exponent = 0;
        return digits.empty() ||
               std::from_chars(digits.data(), digits.data() + digits.size(), exponent).ec ==
                   std::errc();
    }

    bool end_number() {
        number_.clear();
        return true;
    }

    bool enter() {
        ++depth_;
        return true;
    }

    bool leave() {
        if (depth_ == member_depth_) is_raw_ = false;
        --depth_;
        return true;
    }

    bool check(Text text, error_code& error) {
        if (is_raw_ || text.find('\0') == Text::npos) return true;
        found_null_character_ = true;
        error = boost::json::error::syntax;
        return false;
    }

    std::string_view raw_member_;
    std::size_t member_depth_;
    std::size_t depth_ = 0;
    std::string number_;  ///< While it arrives in parts.
    std::string name_;    ///< Of a member at that depth, while it arrives in parts.
    bool is_raw_ = false;
    bool found_null_character_ = false;
};

/// An object may have a million members.
constexpr std::size_t max_unknown = 10;

Error invalid(std::string what) {
    return Error(Errc::invalid_argument, std::move(what));
}

std::size_t skip_blanks(std::string_view text, std::size_t at) {
    return std::min(text.find_first_not_of(" \t\r\n", at), text.size());
}

/// Of UTF-8 or UTF-16.
bool has_byte_order_mark(std::string_view text) {
    return text.starts_with("\xef\xbb\xbf") || text.starts_with("\xfe\xff") ||
           text.starts_with("\xff\xfe");
}

/// Checks the whole text. @param depth as in Validator. @param levels the maximum nesting.
Result<> validate(std::string_view text, std::string_view raw_member, std::size_t depth,
                  std::size_t levels) {
    const std::size_t begin = skip_blanks(text, 0);
    if (begin == text.size() || text[begin] != '{') {
        return invalid(text.empty()                ? "is empty, must be a JSON object"
                       : has_byte_order_mark(text) ? "must be UTF-8 without a byte order mark"
                                                   : "must be a JSON object");
    }
    boost::json::parse_options options;
    options.max_depth = levels;
    boost::json::basic_parser<Validator> parser(options, raw_member, depth);
    error_code error;
    const std::size_t end = parser.write_some(false, text.data(), text.size(), error);
    if (!error && end == text.size()) return {};
    const std::string what = !error ? "something follows the object"
                             : parser.handler().found_null_character()
                                 ? "U+0000 is not accepted in text"
                                 : error.message();
    const bool is_ascii = end == text.size() || static_cast<unsigned char>(text[end]) < 0x80;
    return invalid("is not valid JSON: " + what + " at byte " + std::to_string(end + 1) +
                   (is_ascii ? "" : ", where the text may not be UTF-8"));
}

// ---- Walking over validated text

/// @param at the position of the opening quote.
std::size_t end_of_string(std::string_view text, std::size_t at) {
    // std::string_view::find is memchr: strings are most of a body.
    for (std::size_t end = text.find('"', at + 1);; end = text.find('"', end + 1)) {
        std::size_t escapes = end;
        while (text[escapes - 1] == '\\')
            --escapes;
        if ((end - escapes) % 2 == 0) return end + 1;
    }
}

std::size_t end_of_value(std::string_view text, std::size_t at) {
    if (text[at] == '"') return end_of_string(text, at);
    if (text[at] != '{' && text[at] != '[') return text.find_first_of(",]} \t\r\n", at);
    // No find_first_of: it costs several times as much a byte, and a batch is walked three times.
    for (std::size_t depth = 0;; ++at) {
        switch (text[at]) {
            case '{':
            case '[':
                ++depth;
                break;
            case '}':
            case ']':
                if (--depth == 0) return at + 1;
                break;
            case '"':
                at = end_of_string(text, at) - 1;
                break;
            default:
                break;
        }
    }
}

/// Calls `use` with the name (as written) and value of each child of an object, or with an empty
/// name and the value of each element of an array, until it returns false.
template <class Use>
void for_each_child(std::string_view text, Use use) {
    std::size_t at = skip_blanks(text, 0);
    const bool is_object = text[at] == '{';
    at = skip_blanks(text, at + 1);
    while (text[at] != '}' && text[at] != ']') {
        std::string_view name;
        if (is_object) {
            const std::size_t end = end_of_string(text, at);
            name = text.substr(at, end - at);
            at = skip_blanks(text, text.find(':', end) + 1);
        }
        const std::size_t end = end_of_value(text, at);
        if (!use(name, text.substr(at, end - at))) return;
        at = skip_blanks(text, end);
        if (text[at] == ',') at = skip_blanks(text, at + 1);
    }
}

Members take_members(std::string_view object, Names names) {
    Members members(names);
    for_each_child(object, [&](std::string_view name, std::string_view value) {
        members.add(name, value);
        return true;
    });
    return members;
}

}  // namespace

Members::Members(Names names) {
    members_.reserve(names.size());
    for (const std::string_view name : names)
        members_.push_back({.name = name, .value = {}});
}

void Members::add(std::string_view quoted_name, std::string_view value) {
    // Few names contain an escape, and an object may have a million members.
    const bool is_plain = quoted_name.find('\\') == std::string_view::npos;
    const std::string decoded = is_plain ? std::string() : *to_string(quoted_name);
    const std::string_view name =
        is_plain ? quoted_name.substr(1, quoted_name.size() - 2) : std::string_view(decoded);
    for (Member& member : members_) {
        if (!iequals(member.name, name)) continue;
        member.is_repeated = !member.value.empty();
        if (!member.is_repeated) member.value = value;
        return;
    }
    if (unknown_.size() < max_unknown) unknown_.emplace_back(name);
}

const Member& Members::at(std::string_view name) const {
    for (const Member& member : members_) {
        if (iequals(member.name, name)) return member;
    }
    throw std::out_of_range("no member of this name was asked for: " + std::string(name));
}

Result<Members> parse_object(std::string_view text, Names names, std::string_view raw_member) {
    if (auto valid = validate(text, raw_member, 1, max_depth); !valid) return valid.error();
    return take_members(text, names);
}

Result<NestedObject> parse_nested_object(std::string_view text, std::string_view outer, Names names,
                                         std::string_view raw_member) {
    if (auto valid = validate(text, raw_member, 2, max_depth + 2); !valid) return valid.error();
    NestedObject object{.members = take_members(text, {outer})};
    const std::string_view inner = object.members.at(outer).value;
    if (inner.starts_with('{')) object.inner = take_members(inner, names);
    return object;
}

Result<> visit_members(std::string_view text,
                       const std::function<bool(std::string, std::string_view)>& use) {
    if (auto valid = validate(text, {}, 1, max_depth); !valid) return valid.error();
    for_each_child(text, [&](std::string_view name, std::string_view value) {
        return use(*to_string(name), value);
    });
    return {};
}

Result<ListObject> parse_list_object(std::string_view text, std::string_view list,
                                     std::size_t max_size, Names names,
                                     std::string_view raw_member) {
    // The objects in the list are at the third level.
    if (auto valid = validate(text, raw_member, 3, max_depth + 2); !valid) return valid.error();
    ListObject object{.members = take_members(text, {list}), .list = {}};
    const std::string_view array = object.members.at(list).value;
    if (!array.starts_with('[')) return object;
    for_each_child(array, [&](std::string_view, std::string_view value) {
        auto& members = object.list.emplace_back();
        if (value.front() == '{') members = take_members(value, names);
        return object.list.size() <= max_size;
    });
    return object;
}

}  // namespace webhooks::http::json
