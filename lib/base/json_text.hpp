#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>
#include <webhooks/export.hpp>
#include <webhooks/time.hpp>

namespace webhooks {

/// A JSON string. @param text UTF-8.
WEBHOOKS_EXPORT std::string json_string(std::string_view text);

/// The members of a JSON object, in the order in which they are added.
class WEBHOOKS_EXPORT JsonMembers {
public:
    /// @param text UTF-8.
    JsonMembers& add(std::string_view name, std::string_view text);
    JsonMembers& add(std::string_view name, const char* text) {
        return add(name, std::string_view(text));
    }
    JsonMembers& add(std::string_view name, std::int64_t number);
    JsonMembers& add(std::string_view name, Time time);
    JsonMembers& add(std::string_view name, const std::vector<std::string_view>& texts);
    JsonMembers& add(std::string_view name, const JsonMembers& object);
    /// Null if it is absent.
    template <class T>
    JsonMembers& add(std::string_view name, const std::optional<T>& value) {
        return value ? add(name, *value) : add_json(name, "null");
    }
    /// Adds a value that is JSON already.
    JsonMembers& add_json(std::string_view name, std::string_view json);
    /// Adds other members.
    JsonMembers& append(std::string_view members);

    /// Without braces: `"a":1,"b":2`.
    const std::string& text() const noexcept { return text_; }
    std::string object() const { return "{" + text_ + "}"; }

private:
    std::string text_;
};

/// RFC 3339, in UTC, with milliseconds.
WEBHOOKS_EXPORT std::string time_text(Time time);

}  // namespace webhooks
