#pragma once

/// @file
/// The rules for what callers hand in. Each function names all members at fault together, as the
/// REST API spells them.

#include <service/subscription_index.hpp>
#include <vector>
#include <webhooks/error.hpp>
#include <webhooks/event.hpp>
#include <webhooks/options.hpp>
#include <webhooks/subscription.hpp>

namespace webhooks::service {

/// What the rules of this service's configuration depend on.
struct Rules {
    const ServiceOptions& options;
    const SubscriptionIndex& index;
    Time now{};
};

/// Judges the members that are set.
Result<> check(const SubscriptionChange&, const Rules&);
Result<> check(const Publication&, const Rules&);
/// Judges a batch as a whole: whether it may ever find room in the queue.
Result<> check_size(const std::vector<Publication>&, const Rules&);
/// @return conflict if nothing is wrong but that the secret is the current one.
Result<> check_rotation(const std::optional<Secret>& secret, const Secret& current,
                        std::chrono::seconds overlap);
Result<> check_event_type(const EventType&);
Result<> check_principal(const Principal&);

}  // namespace webhooks::service
