#include <algorithm>
#include <webhooks/access.hpp>

namespace webhooks {
namespace {

/// In the order of `all_permissions`.
constexpr std::array<std::string_view, all_permissions.size()> names = {
    "subscriptions:read", "subscriptions:write", "secrets:read", "events:read",
    "events:send",        "events:publish",      "feed:read",    "administrator"};

/// Every action has its row.
constexpr bool is_in_order() {
    for (std::size_t i = 0; i < requirements.size(); ++i) {
        if (requirements[i].action != static_cast<Action>(i)) return false;
    }
    return true;
}
static_assert(is_in_order());

Error lacking(Permissions missing) {
    const std::string names_of_missing = to_string(missing);
    const bool is_one = names_of_missing.find(',') == std::string::npos;
    return {
        Errc::forbidden,
        (is_one ? "this needs the permission " : "this needs the permissions ") + names_of_missing};
}

}  // namespace

std::string_view name_of(Permission permission) noexcept {
    const auto* const found = std::ranges::find(all_permissions, permission);
    return found == all_permissions.end()
               ? std::string_view()
               : names[static_cast<std::size_t>(found - all_permissions.begin())];
}

std::optional<Permission> permission_by_name(std::string_view name) noexcept {
    const auto* const found = std::ranges::find(names, name);
    if (found == names.end()) return std::nullopt;
    return all_permissions[static_cast<std::size_t>(found - names.begin())];
}

std::vector<std::string_view> names_in(Permissions permissions) {
    if (permissions.includes(Permission::administrator)) {
        return {name_of(Permission::administrator)};
    }
    std::vector<std::string_view> found;
    for (const Permission permission : all_permissions) {
        if (permissions.includes(permission)) found.push_back(name_of(permission));
    }
    return found;
}

std::string to_string(Permissions permissions) {
    std::string text;
    for (const std::string_view name : names_in(permissions)) {
        if (!text.empty()) text += ", ";
        text += name;
    }
    return text;
}

Result<> check_access(const Principal& principal, Action action) {
    const Requirement& needed = requirement_of(action);
    if (Result<> allowed = check_permissions(principal, needed.permissions); !allowed) {
        return allowed;
    }
    if (needed.needs_whole_user && principal.subscription()) {
        return Error(Errc::forbidden, "these credentials are limited to subscription " +
                                          std::to_string(principal.subscription()->value) +
                                          ", and this concerns all of the user's");
    }
    return {};
}

Result<> check_permissions(const Principal& principal, Permissions needed) {
    const Permissions missing = needed - principal.permissions();
    if (missing.empty()) return {};
    return lacking(missing);
}

}  // namespace webhooks
