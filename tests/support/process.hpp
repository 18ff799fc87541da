#pragma once

/// @file
/// The resources that this process uses, counted by the kernel and by the allocator.

#include <malloc.h>
#include <sys/resource.h>

#include <cstddef>
#include <filesystem>

namespace webhooks::testing {

/// Threads of this process.
inline std::size_t running_threads() {
    const std::filesystem::directory_iterator all("/proc/self/task");
    return static_cast<std::size_t>(std::distance(begin(all), end(all)));
}

/// Bytes that were allocated and not freed. Always 0 under a sanitizer, which has its own
/// allocator.
inline std::size_t allocated_bytes() {
    const auto heap = ::mallinfo2();
    return heap.uordblks + heap.hblkhd;
}

/// Raises the limit of file descriptors to the maximum for this process.
inline void allow_many_descriptors() {
    rlimit limit{};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &limit);
}

}  // namespace webhooks::testing
