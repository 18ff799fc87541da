#pragma once

/// @file
/// The rules for callers' input. Each function reports all wrong members together, named as in the
/// REST API.

#include <service/visible_types.hpp>
#include <vector>
#include <webhooks/error.hpp>
#include <webhooks/event.hpp>
#include <webhooks/options.hpp>
#include <webhooks/storage.hpp>
#include <webhooks/subscription.hpp>

namespace webhooks::service {

/// The parts of a service's configuration that the rules depend on.
struct Rules {
    const ServiceOptions& options;
    VisibleTypes types;  ///< To the caller, whom errors tell of no others.
    Time now{};
    bool keeps_order = false;  ///< As `DeliveryLog::keeps_order`.
};

/// Checks the members that are set.
Result<> check(const SubscriptionChange&, const Rules&);
/// @param pattern that of a subscription with this scope
Result<> check_operator_scope(bool operator_scope, std::string_view pattern);
Result<> check(const Publication&, const Rules&);
/// Checks a batch as a whole: whether it can ever fit into the queue.
Result<> check_size(const std::vector<Publication>&, const Rules&);
/// @return conflict if nothing is wrong but that the secret is the current one.
Result<> check_rotation(const std::optional<Secret>& secret, const Secret& current,
                        std::chrono::seconds overlap);
/// Whether a change lets a subscription reach no further than its caller may.
Result<> check_reach(const Principal&, const SubscriptionChange&, const Subscription& current);
Error only_for_administrators();
Error cannot_be_changed(const char* member);
Result<> check(const CreationPeriod&);
/// What asks for a request to a subscription with `Delivery::pull` gets this.
Error only_read();
/// @param types where its successor is looked up
Result<> check_event_type(const EventType&, const VisibleTypes&);
Result<> check_principal(const Principal&);

}  // namespace webhooks::service
