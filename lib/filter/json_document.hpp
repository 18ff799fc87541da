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
        /// Of an array or object with many children: where the document lists them, and how many.
        std::size_t list = 0;
        std::size_t size = 0;
    };

    /// The limit for all payloads.
    static constexpr std::size_t max_values = 100'000;

    /// @return nullopt if it is no JSON, or has more values than the limit.
    WEBHOOKS_EXPORT static std::optional<JsonDocument> parse(std::string_view text);

    const Value& root() const noexcept { return values_.front(); }
    /// The members of an object or items of an array, from the first to the last; null after it.
    const Value* first_in(const Value& parent) const noexcept;
    const Value* after(const Value& sibling, const Value& parent) const noexcept;

    /// The last member of that name, as receivers' parsers read it; null if there is none.
    const Value* member(const Value& object, std::string_view name) const noexcept;
    /// From 0; null if there are not as many.
    const Value* item(const Value& array, std::size_t index) const noexcept;

private:
    friend class JsonHandler;

    std::size_t index_of(const Value& value) const noexcept {
        return static_cast<std::size_t>(&value - values_.data());
    }

    /// Lists its children if they are many, so that looking one up does not read them all.
    void list_children(Value& parent);

    std::vector<char> texts_;  ///< What `text` and `name` refer to: moved, it stays in place.
    std::vector<Value> values_;
    std::vector<std::size_t> children_;  ///< Of an array in their order, of an object by name.
};

}  // namespace webhooks::filter
