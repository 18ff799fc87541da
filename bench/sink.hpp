#pragma once

#include <sys/types.h>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace bench {

/// Where every delivery goes: a receiver that answers 200 at once, in a process of its own, on one
/// thread. It listens on every address of 127.0.0.0/8, so that there are as many hosts as wanted.
/// What it counts is read through shared memory, by this process and by those forked from it.
class Sink {
public:
    /// Forks. Call it while there is one thread. @param port wanted; another one where it is not
    /// free.
    explicit Sink(std::uint16_t port = 0);
    ~Sink();
    Sink(const Sink&) = delete;
    Sink& operator=(const Sink&) = delete;

    std::uint16_t port() const noexcept { return port_; }
    pid_t process() const noexcept { return process_; }
    /// The n-th endpoint: a host of its own.
    std::string url(std::size_t endpoint) const;

    /// Requests so far.
    std::uint64_t requests() const noexcept;
    /// Waits until so many have come. @return false when that took longer than `limit`.
    bool wait_for(std::uint64_t requests, std::chrono::seconds limit) const;

    /// From now on the ages of payloads made by `stamped_payload` are kept, up to about a million.
    void begin_ages();
    /// Stops that. @return them all, ascending.
    std::vector<std::chrono::microseconds> end_ages();

private:
    struct Shared;
    [[noreturn]] void serve(int listener);

    Shared* shared_ = nullptr;
    std::uint16_t port_ = 0;
    pid_t process_ = 0;
};

inline constexpr std::size_t payload_bytes = 512;

/// JSON of `payload_bytes`, the same each time.
const std::string& payload();
/// The same size, and says when it was made.
std::string stamped_payload();

}  // namespace bench
