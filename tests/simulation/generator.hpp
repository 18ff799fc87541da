#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace webhooks::simulation {

using Micros = std::chrono::microseconds;

/// The one source of chance (splitmix64): the same numbers everywhere for the same seed.
class Generator {
public:
    explicit Generator(std::uint64_t seed) : state_(seed) {}

    std::uint64_t next() {
        std::uint64_t mixed = (state_ += 0x9e3779b97f4a7c15);
        mixed = (mixed ^ (mixed >> 30U)) * 0xbf58476d1ce4e5b9;
        mixed = (mixed ^ (mixed >> 27U)) * 0x94d049bb133111eb;
        return mixed ^ (mixed >> 31U);
    }

    /// 0 .. `count - 1`. @pre `count` is not 0.
    std::size_t below(std::size_t count) { return next() % count; }
    int between(int first, int last) {
        return first + static_cast<int>(below(static_cast<std::size_t>(last - first) + 1));
    }
    Micros between(Micros first, Micros last) {
        return first + Micros(below(static_cast<std::size_t>((last - first).count()) + 1));
    }
    bool chance(double probability) {
        return static_cast<double>(next() >> 11U) * 0x1p-53 < probability;
    }
    template <class T>
    const T& pick(const std::vector<T>& from) {
        return from[below(from.size())];
    }

private:
    std::uint64_t state_;
};

}  // namespace webhooks::simulation
