#pragma once

#include <cstdint>
#include <webhooks/ids.hpp>

namespace webhooks::service {

/// Ids of spans, one for each attempt: the same when its request is sent and when it is reported.
class SpanIds {
public:
    explicit SpanIds(std::uint64_t seed) : seed_(seed) {}

    /// Never 0.
    std::uint64_t of(EventId event, int number) const noexcept {
        const std::uint64_t id = mixed(mixed(seed_ ^ static_cast<std::uint64_t>(event.value)) +
                                       static_cast<std::uint64_t>(number));
        return id == 0 ? 1 : id;
    }

private:
    /// The finalizer of SplitMix64.
    static std::uint64_t mixed(std::uint64_t bits) noexcept {
        bits = (bits ^ (bits >> 30)) * 0xBF58476D1CE4E5B9ULL;
        bits = (bits ^ (bits >> 27)) * 0x94D049BB133111EBULL;
        return bits ^ (bits >> 31);
    }

    std::uint64_t seed_;
};

}  // namespace webhooks::service
