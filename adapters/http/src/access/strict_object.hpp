#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace webhooks::http {

/// A JSON object whose names are case-sensitive and occur once, as tokens require it.
class StrictObject {
public:
    /// @return nullopt if the text is not such an object.
    static std::optional<StrictObject> parse(std::string_view text);

    bool has(std::string_view name) const { return members_.contains(name); }
    /// The value as written; empty if it is absent.
    std::string_view raw(std::string_view name) const;
    /// Decoded; absent also if it is not a string.
    std::optional<std::string> string(std::string_view name) const;

private:
    std::map<std::string, std::string, std::less<>> members_;
};

}  // namespace webhooks::http
