#pragma once

#ifndef __SANITIZE_ADDRESS__  // It has its own operators, and requires all of them or none.

namespace webhooks::testing {

/// The number of allocations of this thread.
long allocations() noexcept;
/// The number of those that are not freed.
long live_allocations() noexcept;

/// While it exists, allocations of this thread fail after this many.
struct Shortage {
    explicit Shortage(long allocations) noexcept;
    ~Shortage();
    Shortage(const Shortage&) = delete;
    Shortage& operator=(const Shortage&) = delete;
};

/// While it exists, all allocations of other threads fail.
struct ShortageElsewhere {
    ShortageElsewhere() noexcept;
    ~ShortageElsewhere();
    ShortageElsewhere(const ShortageElsewhere&) = delete;
    ShortageElsewhere& operator=(const ShortageElsewhere&) = delete;
};

}  // namespace webhooks::testing

#endif
