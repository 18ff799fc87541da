#include <algorithm>
#include <storage/sql/permissions_text.hpp>
#include <string_view>

namespace webhooks::storage {

std::string permissions_to_text(Permissions permissions) {
    std::string text;
    for (const std::string_view name : names_in(permissions)) {
        if (!text.empty()) text += ' ';
        text += name;
    }
    return text.empty() ? "none" : text;
}

Permissions permissions_from_text(const std::string& text) {
    Permissions permissions;
    for (std::string_view rest = text; !rest.empty();) {
        const std::string_view name = rest.substr(0, rest.find(' '));
        if (const auto permission = permission_by_name(name)) permissions.add(*permission);
        rest.remove_prefix(std::min(rest.size(), name.size() + 1));
    }
    return permissions;
}

}  // namespace webhooks::storage
