#pragma once

#include <string>
#include <webhooks/permissions.hpp>

namespace webhooks::storage {

/// Names, separated by spaces; "none" without any.
std::string permissions_to_text(Permissions permissions);
/// Ignores unknown names, which a newer version may have written.
Permissions permissions_from_text(const std::string& text);

}  // namespace webhooks::storage
