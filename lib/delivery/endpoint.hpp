#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>
#include <webhooks/ids.hpp>
#include <webhooks/retry_on.hpp>
#include <webhooks/secret.hpp>
#include <webhooks/subscription.hpp>
#include <webhooks/transport.hpp>

namespace webhooks::delivery {

/// A subscription as delivery uses it. Immutable: a change of the subscription creates a new one.
struct Endpoint {
    SubscriptionId id{};
    std::string owner;  ///< The user who owns the subscription.
    /// Absent if the stored URL or headers are no longer allowed; `target_error` says why.
    std::shared_ptr<const Target> target;
    /// As `target`, without headers of a trace; the same object if it has none.
    std::shared_ptr<const Target> traced_target;
    std::string target_error;
    Secret secret;
    std::vector<RetiredSecret> retired_secrets;  ///< As in Subscription.
    int max_retry_count = 0;
    int rate_limit = 0;
    std::chrono::seconds timeout{0};  ///< As in Subscription.
    RetryOn retry_on;
    bool is_active = false;
    bool is_unreadable = false;  ///< As in Subscription.
    Revision revision = 0;       ///< Identifies the version of the subscription.
    // As read from storage; while it runs, a worker has newer values.
    std::optional<Time> failing_since;
    std::optional<Time> paused_until;
    std::optional<Time> notified_failing_since;  ///< As in Subscription.

    /// Scheme, host and port of the URL; empty without a target.
    std::string_view origin() const noexcept {
        return target ? std::string_view(target->url.origin()) : std::string_view();
    }
};

/// The current endpoints of all subscriptions.
class Endpoints {
public:
    virtual ~Endpoints() = default;

    /// Null if there is no such subscription, or no longer.
    virtual std::shared_ptr<const Endpoint> endpoint(SubscriptionId) const = 0;
    /// Grows with each change, however small: as long as it is the same, `endpoint` is.
    virtual std::uint64_t changes() const noexcept = 0;
};

}  // namespace webhooks::delivery
