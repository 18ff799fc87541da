#pragma once

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <system_error>
#include <unordered_map>
#include <vector>
#include <webhooks/endpoint.hpp>
#include <webhooks/time.hpp>

struct ares_channeldata;

namespace webhooks::transport {

/// The result of a lookup.
struct Resolved {
    std::vector<IpAddress> addresses = {};
    std::chrono::seconds ttl = {};  ///< How long the addresses are valid (their TTL).
    /// Until when the addresses may be used; set by the Resolver.
    SteadyTime valid_until = SteadyTime::max();
    std::string error = {};       ///< Why there is no address; human-readable.
    bool is_local_error = false;  ///< No descriptor or memory: no attempt is used up.
};

struct DnsOptions {
    /// As in HttpTransportOptions. Empty: the system's servers.
    std::vector<std::string> name_servers = {};
    /// How long a server may take before the next one is asked. Each of the four rounds of all
    /// servers doubles this time. So a lookup takes at most 3.75 s with one server, and 11.25 s
    /// with three.
    std::chrono::milliseconds first_timeout = std::chrono::milliseconds(250);
};

/// Makes DNS lookups with c-ares, on the caller's loop: in the hosts file, then from the name
/// servers. Lookups share one UDP socket for each server, which is closed when no lookup is left; a
/// response that is too long for UDP is requested by TCP.
///
/// The constructor reads the system's configuration (such as resolv.conf) once.
class DnsChannel {
public:
    using Done = std::function<void(Resolved)>;

    /// @throws std::exception if descriptors or memory are used up.
    DnsChannel(boost::asio::io_context& io, const DnsOptions& options);
    ~DnsChannel();
    DnsChannel(const DnsChannel&) = delete;
    DnsChannel& operator=(const DnsChannel&) = delete;

    /// `done` is called once, possibly before this returns; not from the destructor, which ends
    /// lookups in flight. It must not call the channel.
    void ask(const std::string& host, Done done);
    /// The number of lookups in flight.
    std::size_t size() const noexcept { return size_; }
    /// Handles timeouts. Must be called often while there are lookups.
    void process_timeouts();

private:
    struct Callbacks;
    struct Query;
    struct Watch;
    struct Destroy {
        void operator()(ares_channeldata* channel) const noexcept;
    };

    /// Waits for the readiness that c-ares asks for; waits for nothing once the socket is to be
    /// closed.
    void watch(int socket, bool for_read, bool for_write) noexcept;
    Resolved failure(int status) const;

    boost::asio::io_context& io_;
    std::size_t size_ = 0;
    /// Why the latest socket could not be opened or watched because of a local error; c-ares
    /// reports this as a server that rejects queries or does not respond.
    std::error_code shortage_;
    std::unordered_map<int, std::shared_ptr<Watch>> watches_;
    std::unique_ptr<ares_channeldata, Destroy> channel_;  // Destroyed first: calls this.
};

}  // namespace webhooks::transport
