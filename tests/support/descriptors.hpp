#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <vector>

namespace webhooks::testing {

/// The number of open file descriptors of this process.
inline std::size_t open_descriptors() {
    const std::filesystem::directory_iterator all("/proc/self/fd");
    return static_cast<std::size_t>(std::distance(begin(all), end(all)));
}

/// IPv4 sockets of this process that are connected to `port`: only the client's ends, which exist
/// as the client decides. The ends of a server are opened and closed in its own time.
inline std::size_t connections_to(std::uint16_t port) {
    std::size_t found = 0;
    for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
        sockaddr_in peer{};
        socklen_t size = sizeof peer;
        const int descriptor = std::atoi(entry.path().filename().c_str());
        if (::getpeername(descriptor, reinterpret_cast<sockaddr*>(&peer), &size) == 0 &&
            peer.sin_family == AF_INET && peer.sin_port == htons(port)) {
            ++found;
        }
    }
    return found;
}

/// While it exists, this process gets no new descriptor. UBSan needs some itself, for each type
/// that it has not met yet: do the same beforehand.
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

/// While it exists, this process may have this many descriptors, and only some of them are free.
class FewDescriptors {
public:
    FewDescriptors(int limit, std::size_t free) {
        ::getrlimit(RLIMIT_NOFILE, &usual_);
        const rlimit few{.rlim_cur = static_cast<rlim_t>(limit), .rlim_max = usual_.rlim_max};
        ::setrlimit(RLIMIT_NOFILE, &few);
        for (int copy = ::dup(0); copy >= 0; copy = ::dup(0)) {
            copies_.push_back(copy);
        }
        for (; free > 0 && !copies_.empty(); --free) {
            ::close(copies_.back());
            copies_.pop_back();
        }
    }
    ~FewDescriptors() {
        for (const int copy : copies_) {
            ::close(copy);
        }
        ::setrlimit(RLIMIT_NOFILE, &usual_);
    }
    FewDescriptors(const FewDescriptors&) = delete;
    FewDescriptors& operator=(const FewDescriptors&) = delete;

private:
    rlimit usual_{};
    std::vector<int> copies_;
};

}  // namespace webhooks::testing
