#pragma once

#include <functional>
#include <memory>
#include <string>
#include <webhooks/ids.hpp>
#include <webhooks/secret.hpp>
#include <webhooks/transport.hpp>

namespace webhooks::delivery {

/// What delivery knows of a subscription. Immutable: a change of the subscription makes a new one.
struct Endpoint {
    SubscriptionId id{};
    /// Absent where the stored URL or headers are no longer allowed; `fault` says why.
    std::shared_ptr<const Target> target;
    std::string fault;
    Secret secret;
    int max_retry_count = 0;
    bool is_active = false;
};

/// Gives the current endpoint of a subscription, or null when it is gone.
using EndpointLookup = std::function<std::shared_ptr<const Endpoint>(SubscriptionId)>;

}  // namespace webhooks::delivery
