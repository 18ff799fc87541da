#pragma once

#ifndef __SANITIZE_ADDRESS__  // It has operators of its own, and wants all of them or none.

namespace webhooks::testing {

/// How often this thread has asked for memory.
long allocations() noexcept;

/// Memory of this thread is used up after so many allocations, until the object goes.
struct Shortage {
    explicit Shortage(long allocations) noexcept;
    ~Shortage();
    Shortage(const Shortage&) = delete;
    Shortage& operator=(const Shortage&) = delete;
};

}  // namespace webhooks::testing

#endif
