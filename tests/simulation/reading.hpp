#pragma once

#include <webhooks/ids.hpp>

namespace webhooks::simulation {

class World;

/// Compares what storage tells users of their subscriptions (statistics, totals of lists) with the
/// model. @throws Violation
void check_reading(const World& world);
/// The same for the feed of one subscription.
void check_feed(const World& world, SubscriptionId id);

}  // namespace webhooks::simulation
