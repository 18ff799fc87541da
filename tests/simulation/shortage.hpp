#pragma once

namespace webhooks::simulation {

/// Lets one allocation of this thread fail, as where memory is used up, while it lives.
class Shortage {
public:
    /// @param allocations the number that succeed first.
    explicit Shortage(long allocations);
    ~Shortage();
    Shortage(const Shortage&) = delete;
    Shortage& operator=(const Shortage&) = delete;

    /// Whether an allocation has failed by the one that lives.
    static bool has_struck();
};

/// No allocation fails while it lives: what belongs to the simulation is not short of memory.
class Plenty {
public:
    Plenty();
    ~Plenty();
    Plenty(const Plenty&) = delete;
    Plenty& operator=(const Plenty&) = delete;

private:
    const long outer_;
};

}  // namespace webhooks::simulation
