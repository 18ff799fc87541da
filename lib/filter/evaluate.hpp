#pragma once

#include <filter/json_document.hpp>
#include <optional>
#include <query/node.hpp>
#include <string_view>

namespace webhooks::filter {

/// What filters judge.
struct Candidate {
    std::string_view event_type;
    /// Null if the payload is no JSON, or too large: whatever is asked of it is absent.
    const JsonDocument* payload = nullptr;
};

/// How many steps the filters of one user may take on one event together. What they cost is
/// measured in steps, which do not depend on the machine: one for each part of a filter that is
/// evaluated, each part of a path, and each item of an array, and more for long texts.
inline constexpr std::size_t max_steps = 400'000;

/// Judges an event, with the rules of the section "Values" in docs/payload-filters.md.
/// @param steps is lowered by those that it takes; at 0 the result is unknown.
/// @return nullopt for unknown.
/// @pre `check` has found nothing wrong.
WEBHOOKS_EXPORT std::optional<bool> evaluate(const query::Node& filter, const Candidate& candidate,
                                             std::size_t& steps);

/// What a path leads to outside of `any` and `all`; null if it is absent.
const JsonDocument::Value* find(const query::Node& path, const Candidate& candidate);

}  // namespace webhooks::filter
