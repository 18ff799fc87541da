#pragma once

#include <string_view>
#include <vector>

namespace webhooks {

/// The candidate with the fewest edits (insert, delete, replace) from `name`; empty when even that
/// one would need more edits than half of `name`'s length (at least 1), or there is none.
std::string_view nearest(std::string_view name, const std::vector<std::string_view>& candidates);

}  // namespace webhooks
