#pragma once

#include <cstdint>
#include <memory>
#include <webhooks/export.hpp>

namespace WEBHOOKS_EXPORT webhooks {

/// The source of randomness for the jitter of retries, worker tags and new secrets. A test that
/// needs a repeatable run passes a seeded generator to the service and to its storage.
class Random {
public:
    virtual ~Random() = default;

    /// 64 random bits. They must be unpredictable, because secrets are made of them. Thread-safe.
    /// The call that needed them answers an exception with an error.
    virtual std::uint64_t next() = 0;
};

/// The operating system's random number generator. One shared object; never null.
std::shared_ptr<Random> system_random();

}  // namespace webhooks
