#pragma once

#include <memory>
#include <webhooks/clock.hpp>
#include <webhooks/observer.hpp>
#include <webhooks/storage.hpp>

/// @file
/// What stands between a service and the parts that its host wrote: no exception passes. (One of a
/// transport ends attempts, so that the delivery loop catches it itself.)

namespace webhooks::service {

/// An observer that throws is told of it; what it throws then is dropped.
std::shared_ptr<Observer> guarded(std::shared_ptr<Observer> observer);

/// The latest time counts once more where a clock throws. @param observer a guarded one.
std::shared_ptr<Clock> guarded(std::shared_ptr<Clock> clock, std::shared_ptr<Observer> observer);

/// A call that throws answers unavailable. @param observer a guarded one.
std::shared_ptr<Storage> guarded(std::shared_ptr<Storage> storage,
                                 std::shared_ptr<Observer> observer);

}  // namespace webhooks::service
