#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>
#include <webhooks/export.hpp>

namespace webhooks::filter {

/// A payload that was read once, for any number of filters: flat, with numbers as they are written.
class JsonDocument {
public:
    enum class Kind : std::uint8_t { null, boolean, number, text, array, object };

    struct Value {
        Kind kind = Kind::null;
        bool truth = false;          ///< Of a boolean.
        std::string_view text = {};  ///< Of a number, as written, or of a text, without escapes.
        std::string_view name = {};  ///< As a member of an object, without escapes.
        /// The value after the last one within this one; if there is none, the one after this.
        std::size_t end = 0;
    };

    /// The limit for all payloads together with what filters visit in them.
    static constexpr std::size_t max_values = 100'000;

    /// @return nullopt if it is no JSON, or has more values than the limit.
    WEBHOOKS_EXPORT static std::optional<JsonDocument> parse(std::string_view text);

    const Value& root() const noexcept { return values_.front(); }
    /// The members of an object or items of an array, from the first to the last; null after it.
    const Value* first_in(const Value& parent) const noexcept;
    const Value* after(const Value& sibling, const Value& parent) const noexcept;

private:
    friend class JsonHandler;

    std::size_t index_of(const Value& value) const noexcept {
        return static_cast<std::size_t>(&value - values_.data());
    }

    std::vector<char> texts_;  ///< What `text` and `name` refer to: moved, it stays in place.
    std::vector<Value> values_;
};

}  // namespace webhooks::filter
