#pragma once

#include <memory>
#include <webhooks/clock.hpp>
#include <webhooks/observer.hpp>
#include <webhooks/publication_validator.hpp>
#include <webhooks/storage.hpp>

/// @file
/// Wrappers between a service and the parts that its host wrote: they let no exception pass. (An
/// exception from a transport ends attempts, so the delivery loop catches it itself.)

namespace webhooks::service {

/// An observer that throws gets a log line about it; if it throws again, that is dropped.
std::shared_ptr<Observer> guarded(std::shared_ptr<Observer> observer);

/// If a clock throws, its last time is used again. @param observer a guarded one.
std::shared_ptr<Clock> guarded(std::shared_ptr<Clock> clock, std::shared_ptr<Observer> observer);

/// A call that throws returns unavailable. @param observer a guarded one.
std::shared_ptr<Storage> guarded(std::shared_ptr<Storage> storage,
                                 std::shared_ptr<Observer> observer);

/// A check that throws returns unavailable. @param observer a guarded one.
std::shared_ptr<PublicationValidator> guarded(std::shared_ptr<PublicationValidator> validator,
                                              std::shared_ptr<Observer> observer);

}  // namespace webhooks::service
