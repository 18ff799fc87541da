#pragma once

#include <memory>
#include <metrics/service_metrics.hpp>
#include <webhooks/clock.hpp>
#include <webhooks/observer.hpp>
#include <webhooks/storage.hpp>

namespace webhooks::metrics {

// Wrappers that count what passes through them.

std::shared_ptr<Observer> metered(std::shared_ptr<Observer> observer,
                                  std::shared_ptr<ServiceMetrics> metrics);
std::shared_ptr<Storage> metered(std::shared_ptr<Storage> storage, std::shared_ptr<Clock> clock,
                                 std::shared_ptr<ServiceMetrics> metrics);

}  // namespace webhooks::metrics
