#pragma once

#include <memory>
#include <webhooks/export.hpp>
#include <webhooks/time.hpp>

namespace WEBHOOKS_EXPORT webhooks {

/// The source of time for the library. It has no function that waits. Both functions may be called
/// from any thread at once, and must not call the service. If one throws, the last time that it
/// returned is used again, and the exception is logged.
class Clock {
public:
    virtual ~Clock() = default;

    /// The wall clock; it may jump forward or back.
    virtual Time now() const = 0;

    /// Never goes back, and does not follow changes of the wall clock.
    virtual SteadyTime steady_now() const = 0;
};

/// The system clocks. One shared object; never null.
std::shared_ptr<Clock> system_clock();

}  // namespace webhooks
