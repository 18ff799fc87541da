#include <base/never_destroyed.hpp>
#include <webhooks/clock.hpp>

namespace webhooks {
namespace {

class SystemClock final : public Clock {
public:
    Time now() const noexcept override {
        return std::chrono::time_point_cast<Time::duration>(std::chrono::system_clock::now());
    }
    SteadyTime steady_now() const noexcept override { return std::chrono::steady_clock::now(); }
};

}  // namespace

std::shared_ptr<Clock> system_clock() {
    static const NeverDestroyed<std::shared_ptr<SystemClock>> clock(
        std::make_shared<SystemClock>());
    return *clock;
}

}  // namespace webhooks
