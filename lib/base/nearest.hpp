#pragma once

#include <string_view>
#include <vector>

namespace webhooks {

/// The candidate with the fewest edits (insert, delete, replace) from `name`; empty if even that
/// one needs more edits than half the length of `name` (at least 1), or if there are no candidates.
std::string_view nearest(std::string_view name, const std::vector<std::string_view>& candidates);

}  // namespace webhooks
