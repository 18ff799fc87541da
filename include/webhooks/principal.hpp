#pragma once

#include <string>
#include <utility>
#include <webhooks/export.hpp>

namespace WEBHOOKS_EXPORT webhooks {

/// The user on whose behalf a call is made. Every operation takes one, and storage applies it: a
/// user reaches only their own objects, an administrator everyone's.
class Principal {
public:
    /// @param user_id 1-256 bytes of UTF-8, as the host names its users.
    static Principal user(std::string user_id) { return {std::move(user_id), false}; }
    static Principal administrator(std::string user_id) { return {std::move(user_id), true}; }

    const std::string& user_id() const noexcept { return user_id_; }
    bool is_administrator() const noexcept { return is_administrator_; }
    bool may_see(const std::string& owner) const noexcept {
        return is_administrator_ || user_id_ == owner;
    }

    bool operator==(const Principal&) const = default;

private:
    Principal(std::string user_id, bool is_administrator)
        : user_id_(std::move(user_id)), is_administrator_(is_administrator) {}

    std::string user_id_;
    bool is_administrator_;
};

}  // namespace webhooks
