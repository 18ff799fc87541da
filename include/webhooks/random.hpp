#pragma once

#include <cstdint>
#include <memory>
#include <webhooks/export.hpp>

namespace WEBHOOKS_EXPORT webhooks {

/// Where the library reads randomness: the jitter of retries, the tags of workers, new secrets. A
/// test that wants the same run twice gives a generator with a seed to the service and to its
/// storage.
class Random {
public:
    virtual ~Random() = default;

    /// 64 random bits. Nobody must be able to guess them, for secrets are made of them. Any thread,
    /// several at once. What it throws is answered as an error by the call that needed it.
    virtual std::uint64_t next() = 0;
};

/// The randomness of the operating system. One shared object; never null.
std::shared_ptr<Random> system_random();

}  // namespace webhooks
