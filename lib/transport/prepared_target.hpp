#pragma once

#include <memory>
#include <string>
#include <transport/request_head.hpp>
#include <unordered_map>
#include <webhooks/transport.hpp>

namespace webhooks::transport {

/// The key of an idle connection. It includes the policy by which the connection's address was
/// checked.
struct PoolKey {
    std::string origin;
    std::shared_ptr<const EndpointPolicy> policy;

    bool operator==(const PoolKey&) const = default;
};

struct PoolKeyHash {
    std::size_t operator()(const PoolKey& key) const noexcept {
        return std::hash<std::string>()(key.origin) ^ std::hash<const void*>()(key.policy.get());
    }
};

/// Everything about a target that does not depend on a request.
struct PreparedTarget {
    PoolKey key;
    std::string head;   ///< See request_head().
    std::string error;  ///< Why nothing may be sent to it; otherwise empty.
};

/// Checks and prepares each target once. Identifies a target by its pointer, which means the same
/// target for as long as it lives; entries of destroyed targets are removed over time.
class PreparedTargets {
public:
    explicit PreparedTargets(std::string user_agent, Usage usage = Usage::delivery)
        : user_agent_(std::move(user_agent)), usage_(usage) {}

    std::shared_ptr<const PreparedTarget> prepare(const std::shared_ptr<const Target>& target);
    std::size_t size() const noexcept { return entries_.size(); }

private:
    struct Entry {
        std::weak_ptr<const Target> target;
        std::shared_ptr<const PreparedTarget> prepared;
    };

    void drop_expired();

    std::string user_agent_;
    Usage usage_;
    std::unordered_map<const Target*, Entry> entries_;
    std::size_t drop_at_ = 1024;
};

}  // namespace webhooks::transport
