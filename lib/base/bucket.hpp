#pragma once

#include <chrono>
#include <webhooks/time.hpp>

namespace webhooks {

/// The beginning of the bucket of this length that contains a time: a multiple since 1970, UTC.
inline Time bucket_of(Time time, std::chrono::seconds width) {
    const auto length = std::chrono::duration_cast<Time::duration>(width);
    auto rest = time.time_since_epoch() % length;
    if (rest < Time::duration::zero()) rest += length;
    return time - rest;
}

}  // namespace webhooks
