#include <atomic>
#include <cstdlib>
#include <new>
#include <unit/allocations.hpp>

#ifndef __SANITIZE_ADDRESS__

namespace {

thread_local long count = 0;
thread_local long freed = 0;
thread_local long limit = -1;  ///< Of `count`; -1: none.
std::atomic<bool> is_short_elsewhere = false;
thread_local bool is_spared = false;

void release(void* memory) noexcept {
    if (memory != nullptr) ++freed;
    std::free(memory);
}

}  // namespace

// Not inline: GCC warns about `free` if it does not see the matching `malloc` in `new`.
[[gnu::noinline]] void* operator new(std::size_t size) {
    if (count == limit) throw std::bad_alloc();
    if (is_short_elsewhere && !is_spared) throw std::bad_alloc();
    ++count;
    if (void* memory = std::malloc(size == 0 ? 1 : size)) return memory;
    throw std::bad_alloc();
}
[[gnu::noinline]] void operator delete(void* memory) noexcept {
    release(memory);
}
[[gnu::noinline]] void operator delete(void* memory, std::size_t /*size*/) noexcept {
    release(memory);
}

namespace webhooks::testing {

long allocations() noexcept {
    return count;
}

long live_allocations() noexcept {
    return count - freed;
}

Shortage::Shortage(long allocations) noexcept {
    limit = count + allocations;
}

Shortage::~Shortage() {
    limit = -1;
}

ShortageElsewhere::ShortageElsewhere() noexcept {
    is_spared = true;
    is_short_elsewhere = true;
}

ShortageElsewhere::~ShortageElsewhere() {
    is_short_elsewhere = false;
    is_spared = false;
}

}  // namespace webhooks::testing

#endif
