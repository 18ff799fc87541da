#pragma once

#include <sys/resource.h>

#include <cstddef>
#include <filesystem>

namespace webhooks::testing {

/// File descriptors that this process has open.
inline std::size_t open_descriptors() {
    const std::filesystem::directory_iterator all("/proc/self/fd");
    return static_cast<std::size_t>(std::distance(begin(all), end(all)));
}

/// While it lives, this process gets no new descriptor. UBSan needs some itself, for each type that
/// it has not met yet: do the same beforehand.
class NoDescriptors {
public:
    NoDescriptors() {
        ::getrlimit(RLIMIT_NOFILE, &usual_);
        const rlimit none{.rlim_cur = 0, .rlim_max = usual_.rlim_max};
        ::setrlimit(RLIMIT_NOFILE, &none);
    }
    ~NoDescriptors() { ::setrlimit(RLIMIT_NOFILE, &usual_); }
    NoDescriptors(const NoDescriptors&) = delete;
    NoDescriptors& operator=(const NoDescriptors&) = delete;

private:
    rlimit usual_{};
};

}  // namespace webhooks::testing
