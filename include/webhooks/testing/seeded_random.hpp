#pragma once

#include <cstdint>
#include <mutex>
#include <random>
#include <webhooks/export.hpp>
#include <webhooks/random.hpp>

namespace WEBHOOKS_EXPORT webhooks {
namespace testing {

/// Produces the same numbers for the same seed on every machine. For tests only: anyone who knows
/// the seed knows the secrets. Thread-safe.
class SeededRandom final : public Random {
public:
    explicit SeededRandom(std::uint64_t seed) : engine_(seed) {}

    std::uint64_t next() override {
        const std::scoped_lock lock(mutex_);
        return engine_();
    }

private:
    std::mutex mutex_;
    std::mt19937_64 engine_;
};

}  // namespace testing
}  // namespace webhooks
