#pragma once

#include <filter/json_document.hpp>
#include <optional>
#include <query/node.hpp>
#include <string_view>

namespace webhooks::filter {

/// What filters judge.
struct Message {
    std::string_view event_type;
    /// Null if the payload is no JSON, or too large: whatever is asked of it is absent.
    const JsonDocument* payload = nullptr;
};

/// Judges a message, with the rules of the section "Values" in docs/payload-filters.md.
/// @param visits is lowered by each item that `any` and `all` look at, and by each comparison, by
/// more if its text is long; at 0 the result is unknown.
/// @return nullopt for unknown.
/// @pre `check` has found nothing wrong.
WEBHOOKS_EXPORT std::optional<bool> evaluate(const query::Node& filter, const Message& message,
                                             std::size_t& visits);

/// What a path leads to outside of `any` and `all`; null if it is absent.
const JsonDocument::Value* find(const query::Node& path, const Message& message);

}  // namespace webhooks::filter
