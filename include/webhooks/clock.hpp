#pragma once

#include <memory>
#include <webhooks/export.hpp>
#include <webhooks/time.hpp>

namespace WEBHOOKS_EXPORT webhooks {

/// Where the library reads time. It has no call that waits: whoever waits, waits on the thing it
/// waits for. Both functions may be called from any thread at once. Should one throw, its latest
/// time counts once more, and the exception is logged.
class Clock {
public:
    virtual ~Clock() = default;

    /// The wall clock; it may jump in either direction.
    virtual Time now() const = 0;

    /// Never goes back and does not follow changes of the wall clock.
    virtual SteadyTime steady_now() const = 0;
};

/// The machine's own clocks. One shared object; never null.
std::shared_ptr<Clock> system_clock();

}  // namespace webhooks
