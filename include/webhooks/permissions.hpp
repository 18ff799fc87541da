#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>
#include <webhooks/export.hpp>

namespace WEBHOOKS_EXPORT webhooks {

/// What a caller may do with their own objects. docs/access.md says which operation needs which.
enum class Permission : std::uint8_t {
    subscriptions_read = 1,
    subscriptions_write = 2,
    secrets_read = 4,  ///< See signing secrets and the values of custom headers.
    events_read = 8,
    events_send = 16,  ///< Test, resend and delete events of existing subscriptions.
    events_publish = 32,
    feed_read = 64,
    administrator = 128,  ///< Everything, and the objects of all users.
};

inline constexpr std::array all_permissions = {
    Permission::subscriptions_read, Permission::subscriptions_write, Permission::secrets_read,
    Permission::events_read,        Permission::events_send,         Permission::events_publish,
    Permission::feed_read,          Permission::administrator};

/// The name in the REST API, such as `subscriptions:read`.
std::string_view name_of(Permission) noexcept;
std::optional<Permission> permission_by_name(std::string_view name) noexcept;

/// A set of permissions. One with `administrator` has all of them.
class Permissions {
public:
    constexpr Permissions() = default;
    // Implicit, so that one permission can be used as a set.
    constexpr Permissions(Permission permission) {  // NOLINT(google-explicit-constructor)
        add(permission);
    }
    constexpr Permissions(std::initializer_list<Permission> permissions) {
        for (const Permission permission : permissions)
            add(permission);
    }

    /// Everything except `administrator`.
    static constexpr Permissions user() noexcept {
        return Permissions(everything & ~static_cast<unsigned>(Permission::administrator));
    }
    /// The three to read, without secrets.
    static constexpr Permissions viewer() noexcept {
        return {Permission::subscriptions_read, Permission::events_read, Permission::feed_read};
    }
    static constexpr Permissions publisher() noexcept { return Permission::events_publish; }
    static constexpr Permissions administrator() noexcept { return Permission::administrator; }

    constexpr void add(Permission permission) noexcept {
        bits_ |= permission == Permission::administrator ? everything
                                                         : static_cast<unsigned>(permission);
    }
    constexpr bool includes(Permission permission) const noexcept {
        return (bits_ & static_cast<unsigned>(permission)) != 0;
    }
    constexpr bool includes(Permissions other) const noexcept {
        return (bits_ & other.bits_) == other.bits_;
    }
    constexpr bool empty() const noexcept { return bits_ == 0; }
    /// Those that are in both.
    friend constexpr Permissions operator&(Permissions left, Permissions right) noexcept {
        return Permissions(left.bits_ & right.bits_);
    }
    /// Those of the left that are not in the right.
    friend constexpr Permissions operator-(Permissions left, Permissions right) noexcept {
        return Permissions(left.bits_ & ~right.bits_);
    }

    bool operator==(const Permissions&) const = default;

private:
    static constexpr unsigned everything = 255;

    explicit constexpr Permissions(unsigned bits) : bits_(bits) {}

    unsigned bits_ = 0;
};

/// The names of the permissions in a set; `administrator` alone if it is included.
std::vector<std::string_view> names_in(Permissions);
/// The same, separated by a comma and a space.
std::string to_string(Permissions);

}  // namespace webhooks
