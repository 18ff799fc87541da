#include <sstream>
#include <storage/sql/permissions_text.hpp>

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
    std::istringstream names(text);
    for (std::string name; names >> name;) {
        if (const auto permission = permission_by_name(name)) permissions.add(*permission);
    }
    return permissions;
}

}  // namespace webhooks::storage
