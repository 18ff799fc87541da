#pragma once

#include <string>
#include <string_view>
#include <vector>
#include <webhooks/export.hpp>

namespace webhooks {

/// For a message about an unknown name: "did you mean 'name'?", or all known ones if none is near.
WEBHOOKS_EXPORT std::string suggestion(std::string_view name,
                                       const std::vector<std::string_view>& known);

}  // namespace webhooks
