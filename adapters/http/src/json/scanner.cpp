#include "scanner.hpp"

#include <cstdint>
#include <utility>

#include "../ascii.hpp"
#include "values.hpp"

namespace webhooks::http::json {
namespace {

/// The length of the UTF-8 sequence at the front of `text` (RFC 3629), or 0 if there is none.
std::size_t utf8_length(std::string_view text) {
    const auto byte = [&](std::size_t i) {
        return i < text.size() ? static_cast<unsigned char>(text[i]) : 0u;
    };
    const auto continues = [&](std::size_t i) { return (byte(i) & 0xc0) == 0x80; };
    const unsigned first = byte(0);
    if (first < 0x80) return 1;
    if (first >= 0xc2 && first <= 0xdf) return continues(1) ? 2 : 0;
    if (first >= 0xe0 && first <= 0xef) {
        const bool is_overlong = first == 0xe0 && byte(1) < 0xa0;
        const bool is_surrogate = first == 0xed && byte(1) > 0x9f;
        return continues(1) && continues(2) && !is_overlong && !is_surrogate ? 3 : 0;
    }
    if (first >= 0xf0 && first <= 0xf4) {
        const bool is_overlong = first == 0xf0 && byte(1) < 0x90;
        const bool is_beyond = first == 0xf4 && byte(1) > 0x8f;
        return continues(1) && continues(2) && continues(3) && !is_overlong && !is_beyond ? 4 : 0;
    }
    return 0;
}

/// Walks over JSON text. Each step returns false once a fault was found.
class Scanner {
public:
    Scanner(std::string_view text, std::string_view as_written)
        : text_(text), as_written_(as_written) {}

    Result<Members> object() {
        Members members;
        skip_blanks();
        if (peek() != '{') {
            fault(text_.empty() ? "is empty, must be a JSON object" : "must be a JSON object");
        } else if (object(1, &members)) {
            skip_blanks();
            if (at_ < text_.size()) fault_here("something follows the JSON object");
        }
        if (!fault_.empty()) return Error(Errc::invalid_argument, std::move(fault_));
        return members;
    }

    Result<ListObject> list_object(std::string_view list, std::size_t most) {
        list_name_ = list;
        most_ = most;
        Result<Members> members = object();
        if (!members) return members.error();
        return ListObject{.members = *std::move(members), .list = std::move(list_)};
    }

private:
    char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }

    bool take(char c) {
        if (at_ == text_.size() || text_[at_] != c) return false;
        ++at_;
        return true;
    }

    static bool is_blank(char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }

    void skip_blanks() {
        while (at_ < text_.size() && is_blank(text_[at_]))
            ++at_;
    }

    bool fault(std::string what) {
        fault_ = std::move(what);
        return false;
    }

    bool fault_here(const char* what) {
        return fault("is not valid JSON: " + std::string(what) + " at byte " +
                     std::to_string(at_ + 1));
    }

    bool value(int depth) {
        switch (peek()) {
            case '{':
                return object(depth + 1, nullptr);
            case '[':
                return array(depth + 1);
            case '"':
                return string();
            case 't':
                return literal("true");
            case 'f':
                return literal("false");
            case 'n':
                return literal("null");
            default:
                return number();
        }
    }

    bool too_deep() { return fault_here("more than 32 objects and arrays in each other"); }

    /// @param members where to put them; null for objects that nobody takes apart.
    bool object(int depth, Members* members) {
        if (depth > max_depth) return too_deep();
        ++at_;
        skip_blanks();
        if (take('}')) return true;
        for (;;) {
            if (!member(depth, members)) return false;
            skip_blanks();
            if (take('}')) return true;
            if (!take(',')) return fault_here("expected ',' or '}'");
            skip_blanks();
        }
    }

    bool member(int depth, Members* members) {
        const std::size_t name_at = at_;
        if (peek() != '"') return fault_here("expected a member name");
        if (!string()) return false;
        const std::string_view raw_name = text_.substr(name_at, at_ - name_at);
        skip_blanks();
        if (!take(':')) return fault_here("expected ':'");
        skip_blanks();
        if (!members) return value(depth);
        Member found{*to_string(raw_name), {}};
        const std::size_t value_at = at_;
        if (!list_name_.empty() && iequals(found.name, list_name_) && peek() == '[') {
            if (!list()) return false;
        } else {
            is_lenient_ = !as_written_.empty() && iequals(found.name, as_written_);
            if (!value(depth)) return false;
            is_lenient_ = false;
        }
        found.value = text_.substr(value_at, at_ - value_at);
        members->push_back(std::move(found));
        return true;
    }

    bool array(int depth) {
        if (depth > max_depth) return too_deep();
        return elements([this, depth] { return value(depth); });
    }

    /// The array whose objects are taken apart. In these its name is a name as any other.
    bool list() {
        const std::string_view name = std::exchange(list_name_, {});
        list_.clear();
        const bool is_sound = elements([this] {
            if (list_.size() > most_) return value(0);
            auto& members = list_.emplace_back();
            if (peek() != '{') return value(0);
            return object(1, &members.emplace());
        });
        list_name_ = name;
        return is_sound;
    }

    template <class Element>
    bool elements(Element element) {
        ++at_;
        skip_blanks();
        if (take(']')) return true;
        for (;;) {
            if (!element()) return false;
            skip_blanks();
            if (take(']')) return true;
            if (!take(',')) return fault_here("expected ',' or ']'");
            skip_blanks();
        }
    }

    bool string() {
        ++at_;
        while (at_ < text_.size()) {
            const unsigned char c = static_cast<unsigned char>(text_[at_]);
            // Most of what there is.
            if (c >= 0x20 && c < 0x80 && c != '"' && c != '\\') {
                ++at_;
                continue;
            }
            if (c == '"') return ++at_, true;
            if (c < 0x20) return fault_here("a control character in a string");
            if (c == '\\') {
                if (!escape()) return false;
            } else {
                const std::size_t length = utf8_length(text_.substr(at_, 4));
                if (length == 0) return fault_here("invalid UTF-8");
                at_ += length;
            }
        }
        return fault_here("the text ends within a string");
    }

    bool escape() {
        const char kind = at_ + 1 < text_.size() ? text_[at_ + 1] : '\0';
        if (kind == 'u') return unicode_escape();
        if (std::string_view("\"\\/bfnrt").find(kind) == npos) {
            return fault_here("an unknown escape");
        }
        at_ += 2;
        return true;
    }

    bool unicode_escape() {
        const int unit = escaped_unit(text_, at_);
        if (unit < 0) return fault_here("a broken \\u escape");
        if (is_lenient_) return at_ += 6, true;
        if (unit == 0) return fault_here("U+0000 is not accepted in text");
        const bool leads = unit >= 0xd800 && unit <= 0xdbff;
        const bool trails = unit >= 0xdc00 && unit <= 0xdfff;
        if (trails) return fault_here("a lone surrogate");
        if (!leads) return at_ += 6, true;
        const int next = escaped_unit(text_, at_ + 6);
        if (next < 0xdc00 || next > 0xdfff) return fault_here("a lone surrogate");
        at_ += 12;
        return true;
    }

    bool literal(std::string_view word) {
        if (!text_.substr(at_).starts_with(word)) return fault_here("expected a value");
        at_ += word.size();
        return true;
    }

    bool digits() {
        const std::size_t begin = at_;
        while (is_digit(peek()))
            ++at_;
        return at_ > begin;
    }

    bool number() {
        const std::size_t begin = at_;
        take('-');
        const bool has_leading_zero = peek() == '0';
        const std::size_t first = at_;
        if (!digits()) {
            return fault_here(at_ == begin ? "expected a value" : "a malformed number");
        }
        if (has_leading_zero && at_ - first > 1) return fault_here("a malformed number");
        if (take('.') && !digits()) return fault_here("a malformed number");
        if (take('e') || take('E')) {
            if (!take('+')) take('-');
            if (!digits()) return fault_here("a malformed number");
        }
        return true;
    }

    static constexpr std::size_t npos = std::string_view::npos;

    std::string_view text_;
    std::string_view as_written_;
    std::string_view list_name_ = {};
    std::size_t most_ = 0;
    std::vector<std::optional<Members>> list_ = {};
    std::size_t at_ = 0;
    bool is_lenient_ = false;
    std::string fault_;
};

}  // namespace

Result<Members> parse_object(std::string_view text, std::string_view as_written) {
    return Scanner(text, as_written).object();
}

Result<ListObject> parse_list_object(std::string_view text, std::string_view list, std::size_t most,
                                     std::string_view as_written) {
    return Scanner(text, as_written).list_object(list, most);
}

}  // namespace webhooks::http::json
