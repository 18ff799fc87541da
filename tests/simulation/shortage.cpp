#include "shortage.hpp"

#include <cstdlib>
#include <new>
#include <utility>

namespace {

/// Allocations until the one that fails; negative: none does.
long allocations_left = -1;
bool has_failed = false;

}  // namespace

#ifndef __SANITIZE_ADDRESS__  // It has operators of its own, and wants all of them or none.

// Not inline: GCC takes `free` for a mistake where it sees that, and not `malloc`, behind `new`.
[[gnu::noinline]] void* operator new(std::size_t size) {
    if (allocations_left >= 0 && allocations_left-- == 0) {
        has_failed = true;
        throw std::bad_alloc();
    }
    if (void* memory = std::malloc(size == 0 ? 1 : size)) return memory;
    throw std::bad_alloc();
}
[[gnu::noinline]] void operator delete(void* memory) noexcept {
    std::free(memory);
}
[[gnu::noinline]] void operator delete(void* memory, std::size_t /*size*/) noexcept {
    std::free(memory);
}

#endif

namespace webhooks::simulation {

Shortage::Shortage(long allocations) {
    has_failed = false;
    allocations_left = allocations;
}

Shortage::~Shortage() {
    allocations_left = -1;
    has_failed = false;
}

bool Shortage::has_struck() {
    return has_failed;
}

Plenty::Plenty() : outer_(std::exchange(allocations_left, -1)) {}

Plenty::~Plenty() {
    allocations_left = outer_;
}

}  // namespace webhooks::simulation
