#pragma once

#include <memory>
#include <string>
#include <unordered_map>
#include <webhooks/transport.hpp>

namespace webhooks::transport {

/// What a kept connection may be used for. The policy belongs to it: the connection's address was
/// judged by that one.
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

/// All that can be said of a target before there is a request.
struct PreparedTarget {
    PoolKey key;
    std::string head;   ///< See request_head().
    std::string error;  ///< Why nothing may be sent to it; else empty.
};

/// Judges and prepares each target once. Knows a target by its pointer, which means the same
/// target as long as it lives; what is kept for targets that are gone is dropped in time.
class PreparedTargets {
public:
    explicit PreparedTargets(std::string user_agent) : user_agent_(std::move(user_agent)) {}

    std::shared_ptr<const PreparedTarget> prepare(const std::shared_ptr<const Target>& target);
    std::size_t size() const noexcept { return entries_.size(); }

private:
    struct Entry {
        std::weak_ptr<const Target> target;
        std::shared_ptr<const PreparedTarget> prepared;
    };

    void drop_expired();

    std::string user_agent_;
    std::unordered_map<const Target*, Entry> entries_;
    std::size_t drop_at_ = 1024;
};

}  // namespace webhooks::transport
