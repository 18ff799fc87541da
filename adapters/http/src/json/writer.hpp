#pragma once

#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace webhooks::http::json {

/// Writes JSON text, with members in the order of the calls. Text must be valid UTF-8.
class Writer {
public:
    Writer& begin_object() { return open('{'); }
    Writer& end_object() { return close('}'); }
    Writer& begin_array() { return open('['); }
    Writer& end_array() { return close(']'); }

    Writer& key(std::string_view name);
    Writer& value(std::string_view text);
    Writer& value(const char* text) { return value(std::string_view(text)); }
    template <std::integral T>
    Writer& value(T number) {
        if constexpr (std::same_as<T, bool>) return plain(number ? "true" : "false");
        return plain(std::to_string(number));
    }
    /// The shortest decimal notation that reads back as the same number. @pre It is finite.
    Writer& value(double number);
    /// null if the optional is empty.
    template <class T>
    Writer& value(const std::optional<T>& maybe) {
        return maybe ? value(*maybe) : plain("null");
    }

    /// A value that is JSON text already.
    Writer& raw(std::string_view json) { return plain(json); }

    template <class T>
    Writer& member(std::string_view name, const T& content) {
        return key(name).value(content);
    }

    std::size_t size() const noexcept { return text_.size(); }
    std::string take() { return std::move(text_); }

private:
    Writer& open(char bracket);
    Writer& close(char bracket);
    Writer& plain(std::string_view text);
    void separate();
    void quote(std::string_view text);

    std::string text_;
    bool needs_comma_ = false;
};

}  // namespace webhooks::http::json
