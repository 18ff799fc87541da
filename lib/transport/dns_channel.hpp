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

/// What a look-up came to.
struct Resolved {
    std::vector<IpAddress> addresses = {};
    std::chrono::seconds ttl = {};  ///< How long the addresses hold, as their records say.
    /// Until when the addresses may be used; set by the Resolver.
    SteadyTime valid_until = SteadyTime::max();
    std::string error = {};       ///< Why there is no address; for a person.
    bool is_local_error = false;  ///< No descriptor or memory: it costs no try.
};

struct DnsOptions {
    /// As in HttpTransportOptions. Empty: those of the system.
    std::vector<std::string> name_servers = {};
    /// What a server has for an answer before the next one is asked. Each round of all of them has
    /// double the time of the round before; there are four. So with one server a look-up takes
    /// 3.75 s at the most, with three of them 11.25 s.
    std::chrono::milliseconds first_timeout = std::chrono::milliseconds(250);
};

/// Looks names up with c-ares, on the caller's loop: in the hosts file, then at the name servers.
/// Look-ups share one UDP socket for each server, which is closed when there is none of them left;
/// an answer that is too long for it comes by TCP.
///
/// What the system is set up for (resolv.conf and its kin) is read once, by the constructor.
class DnsChannel {
public:
    using Done = std::function<void(Resolved)>;

    /// @throws std::exception where there are no descriptors or no memory for it.
    DnsChannel(boost::asio::io_context& io, const DnsOptions& options);
    ~DnsChannel();
    DnsChannel(const DnsChannel&) = delete;
    DnsChannel& operator=(const DnsChannel&) = delete;

    /// `done` is called once, possibly before this returns; not from the destructor, which ends
    /// what is under way. It must not call the channel.
    void ask(const std::string& host, Done done);
    /// Look-ups under way.
    std::size_t size() const noexcept { return size_; }
    /// Moves on what has waited too long. To be called often while there are look-ups.
    void sweep();

private:
    struct Callbacks;
    struct Query;
    struct Watch;
    struct Destroy {
        void operator()(ares_channeldata* channel) const noexcept;
    };

    /// Waits for what c-ares wants to know of its socket; for nothing once it is to be closed.
    void watch(int socket, bool for_read, bool for_write) noexcept;
    Resolved failure(int status) const;

    boost::asio::io_context& io_;
    std::size_t size_ = 0;
    /// Why the latest socket could not be had or watched, where the fault was ours; c-ares reports
    /// that as a server that refuses or is silent.
    std::error_code shortage_;
    std::unordered_map<int, std::shared_ptr<Watch>> watches_;
    std::unique_ptr<ares_channeldata, Destroy> channel_;  // Goes first: it still calls us.
};

}  // namespace webhooks::transport
