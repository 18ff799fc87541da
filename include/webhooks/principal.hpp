#pragma once

#include <optional>
#include <string>
#include <utility>
#include <webhooks/credential.hpp>
#include <webhooks/export.hpp>
#include <webhooks/ids.hpp>
#include <webhooks/permissions.hpp>

namespace WEBHOOKS_EXPORT webhooks {

/// The user on whose behalf a call is made, and what the caller may do. Every operation takes one:
/// the service checks the permissions, and storage applies the rest, so that a user reaches only
/// their own objects, and an administrator everyone's.
class Principal {
public:
    /// A user with all permissions except `administrator`, or with these.
    /// @param user_id 1-256 bytes of UTF-8, as the host names its users.
    static Principal user(std::string user_id, Permissions permissions = Permissions::user()) {
        return {std::move(user_id), permissions};
    }
    static Principal administrator(std::string user_id) {
        return {std::move(user_id), Permissions::administrator()};
    }

    /// The same user, limited to one subscription and its events: all others do not exist for this
    /// caller, and what concerns all of a user's subscriptions, such as publishing, is forbidden.
    /// Such a caller is not an administrator.
    Principal narrowed_to(SubscriptionId subscription) const {
        Principal narrowed(user_id_, permissions_ & Permissions::user());
        narrowed.subscription_ = subscription;
        return narrowed;
    }

    /// The same caller, identified in this way.
    Principal identified_by(Credential credential) const {
        Principal identified = *this;
        identified.credential_ = std::move(credential);
        return identified;
    }

    /// The same caller, who calls from there.
    Principal coming_from(Origin origin) const {
        Principal located = *this;
        located.origin_ = std::move(origin);
        return located;
    }

    const std::string& user_id() const noexcept { return user_id_; }
    Permissions permissions() const noexcept { return permissions_; }
    bool may(Permission permission) const noexcept { return permissions_.includes(permission); }
    bool is_administrator() const noexcept { return may(Permission::administrator); }
    /// The one subscription that the caller is limited to; absent: all that they may see.
    std::optional<SubscriptionId> subscription() const noexcept { return subscription_; }

    /// Whether this is the user, or an administrator.
    bool may_see(const std::string& owner) const noexcept {
        return is_administrator() || user_id_ == owner;
    }
    /// Whether a subscription of that owner is visible.
    bool may_see(const std::string& owner, SubscriptionId subscription) const noexcept {
        return may_see(owner) && (!subscription_ || *subscription_ == subscription);
    }

    const Credential& credential() const noexcept { return credential_; }
    const Origin& origin() const noexcept { return origin_; }

    /// Whether both are the same user and may do the same, however they were identified, and from
    /// wherever.
    bool operator==(const Principal& other) const {
        return user_id_ == other.user_id_ && permissions_ == other.permissions_ &&
               subscription_ == other.subscription_;
    }

private:
    Principal(std::string user_id, Permissions permissions)
        : user_id_(std::move(user_id)), permissions_(permissions) {}

    std::string user_id_;
    Permissions permissions_;
    std::optional<SubscriptionId> subscription_ = {};
    Credential credential_ = {};
    Origin origin_ = {};
};

}  // namespace webhooks
