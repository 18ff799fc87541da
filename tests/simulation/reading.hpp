#pragma once

namespace webhooks::simulation {

class World;

/// Compares what storage tells users of their subscriptions (statistics, totals of lists) with the
/// model. @throws Violation
void check_reading(const World& world);

}  // namespace webhooks::simulation
