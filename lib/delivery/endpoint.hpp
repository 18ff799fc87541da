#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>
#include <webhooks/ids.hpp>
#include <webhooks/retry_on.hpp>
#include <webhooks/secret.hpp>
#include <webhooks/subscription.hpp>
#include <webhooks/transport.hpp>

namespace webhooks::delivery {

/// What few subscriptions have.
struct EndpointExtras {
    std::vector<RetiredSecret> retired_secrets = {};  ///< As in Subscription.
    /// The target without headers of a trace, if it has some.
    std::shared_ptr<const Target> traced_target = {};
    std::string target_error = {};  ///< Why there is no target.
    // As read from storage; while it runs, a worker has newer values.
    std::optional<Time> failing_since = {};
    std::optional<Time> paused_until = {};
    std::optional<Time> notified_failing_since = {};  ///< As in Subscription.

    bool is_empty() const noexcept {
        return retired_secrets.empty() && !traced_target && target_error.empty() &&
               !failing_since && !paused_until && !notified_failing_since;
    }
};

/// A subscription as delivery uses it. Immutable: a change of the subscription creates a new one.
/// A service keeps one for each subscription, so it is small.
struct Endpoint {
    SubscriptionId id{};
    Revision revision = 0;  ///< Identifies the version of the subscription.
    std::string owner;      ///< The user who owns the subscription.
    Secret secret;
    /// Absent if the stored URL or headers are no longer allowed; `target_error` says why.
    std::shared_ptr<const Target> target;
    std::chrono::seconds timeout{0};  ///< As in Subscription.
    int max_retry_count = 0;
    int rate_limit = 0;
    RetryOn retry_on;
    bool is_active = false;
    bool is_unreadable = false;  ///< As in Subscription.

    const EndpointExtras& extras() const noexcept {
        static const EndpointExtras none;
        return extras_ ? *extras_ : none;
    }
    void set_extras(EndpointExtras extras) {
        extras_ =
            extras.is_empty() ? nullptr : std::make_shared<const EndpointExtras>(std::move(extras));
    }
    /// Where a request with a trace of its own goes.
    const std::shared_ptr<const Target>& traced_target() const noexcept {
        return extras().traced_target ? extras().traced_target : target;
    }
    /// Scheme, host and port of the URL; empty without a target.
    std::string_view origin() const noexcept {
        return target ? target->url.origin() : std::string_view();
    }

private:
    std::shared_ptr<const EndpointExtras> extras_;
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
