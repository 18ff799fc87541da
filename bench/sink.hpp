#pragma once

#include <openssl/ssl.h>
#include <sys/types.h>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace bench {

/// The destination of all deliveries: a receiver that responds 200 at once, in a process of its
/// own, on one thread. It listens on every address of 127.0.0.0/8, so there can be any number of
/// hosts. Its counters are in shared memory, readable by this process and its forked children.
class Sink {
public:
    /// Forks. Must be called while there is only one thread. @param port preferred; another one if
    /// it is in use. @param tls for HTTPS; null: HTTP. It must outlive the constructor.
    explicit Sink(std::uint16_t port = 0, SSL_CTX* tls = nullptr);
    ~Sink();
    Sink(const Sink&) = delete;
    Sink& operator=(const Sink&) = delete;

    std::uint16_t port() const noexcept { return port_; }
    pid_t process() const noexcept { return process_; }
    /// The URL of the n-th endpoint: a host of its own.
    std::string url(std::size_t endpoint) const;
    /// The names of the first hosts for a certificate.
    static std::string names_of_hosts(std::size_t count);

    /// Requests so far.
    std::uint64_t requests() const noexcept;
    /// TLS handshakes so far, and those of them that resumed a session.
    std::uint64_t handshakes() const noexcept;
    std::uint64_t resumed() const noexcept;
    /// Waits for this many requests. @return false if that took longer than `limit`.
    bool wait_for(std::uint64_t requests, std::chrono::seconds limit) const;

    /// Starts to record the ages of payloads made by `stamped_payload`, up to about a million.
    void begin_ages();
    /// Stops recording. @return all ages, ascending.
    std::vector<std::chrono::microseconds> end_ages();

private:
    struct Shared;
    class Server;

    SSL_CTX* const tls_;

    Shared* shared_ = nullptr;
    std::uint16_t port_ = 0;
    pid_t process_ = 0;
};

inline constexpr std::size_t payload_bytes = 512;

/// JSON of `payload_bytes`, the same each time.
const std::string& payload();
/// The same size, with the time of its creation.
std::string stamped_payload();

}  // namespace bench
