// The newer functions, which c-ares 1.34 recommends instead, are missing in 1.18.
#define CARES_NO_DEPRECATED
#include <ares.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <boost/asio/posix/basic_stream_descriptor.hpp>
#include <cerrno>
#include <cstring>
#include <limits>
#include <stdexcept>
#include <transport/dns_channel.hpp>
#include <transport/failure.hpp>
#include <transport/name_server.hpp>
#include <utility>

namespace webhooks::transport {
namespace {

using Descriptor =
    boost::asio::posix::basic_stream_descriptor<boost::asio::io_context::executor_type>;
using Answers = std::unique_ptr<ares_addrinfo, decltype(&ares_freeaddrinfo)>;

/// The maximum number of a name's public addresses, and of its other addresses, that are kept:
/// enough, because all are kept in memory and checked at each connection. Separate limits, so that
/// an address that is not public cannot hide behind many that are.
constexpr std::size_t max_addresses = 100;

constexpr int rounds = 4;

std::error_code last_error() {
    return {errno, std::system_category()};
}

/// c-ares ignores a system file that it cannot open, and newer versions do not report it: a channel
/// created when descriptors run out would ask no configured server.
void require_descriptor() {
    const int probe = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (probe < 0) throw std::system_error(last_error());
    ::close(probe);
}

std::string joined(const std::vector<std::string>& name_servers) {
    std::string list;
    for (const std::string& server : name_servers) {
        list += (list.empty() ? "" : ",") + canonical_name_server(server).value_or(server);
    }
    return list;
}

void require(int status) {
    if (status != ARES_SUCCESS) throw std::runtime_error(ares_strerror(status));
}

IpAddress address_of(const sockaddr& socket_address) {
    IpAddress address;
    if (socket_address.sa_family == AF_INET6) {
        address.is_v6 = true;
        const auto& v6 = reinterpret_cast<const sockaddr_in6&>(socket_address);
        std::memcpy(address.bytes, &v6.sin6_addr, 16);
    } else {
        const auto& v4 = reinterpret_cast<const sockaddr_in&>(socket_address);
        std::memcpy(address.bytes, &v4.sin_addr, 4);
    }
    return address;
}

/// Alternates between IPv4 and IPv6, starting with IPv4: a machine that has only one of them
/// notices at once that the other is unreachable, and some of each are tried, however many
/// addresses there are.
std::vector<IpAddress> by_turns(const std::vector<IpAddress>& v4,
                                const std::vector<IpAddress>& v6) {
    std::vector<IpAddress> mixed;
    for (std::size_t i = 0; i < std::max(v4.size(), v6.size()); ++i) {
        if (i < v4.size()) mixed.push_back(v4[i]);
        if (i < v6.size()) mixed.push_back(v6[i]);
    }
    return mixed;
}

/// A TTL with its top bit set counts as zero (RFC 2181, section 8). c-ares 1.18 reports it as a
/// negative number, 1.34 as the maximum.
int seconds_to_live(int ttl) {
    return ttl < 0 || ttl == std::numeric_limits<int>::max() ? 0 : ttl;
}

Resolved resolved(const ares_addrinfo& answers) {
    std::vector<IpAddress> v4;
    std::vector<IpAddress> v6;
    std::array<std::size_t, 2> counts{};
    int ttl = std::numeric_limits<int>::max();
    for (const auto* node = answers.nodes; node != nullptr; node = node->ai_next) {
        const IpAddress address = address_of(*node->ai_addr);
        std::vector<IpAddress>& family = address.is_v6 ? v6 : v4;
        ttl = std::min(ttl, seconds_to_live(node->ai_ttl));
        std::size_t& count = counts[check_address(address, {}).has_value() ? 1 : 0];
        if (count == max_addresses || std::ranges::find(family, address) != family.end()) continue;
        ++count;
        family.push_back(address);
    }
    for (const auto* alias = answers.cnames; alias != nullptr; alias = alias->next) {
        ttl = std::min(ttl, seconds_to_live(alias->ttl));
    }
    if (v4.empty() && v6.empty()) return {.error = "could not resolve host"};
    return {.addresses = by_turns(v4, v6), .ttl = std::chrono::seconds(ttl)};
}

}  // namespace

struct DnsChannel::Query {
    DnsChannel& channel;
    Done done;
};

/// A socket that c-ares opens and closes. Pending waits keep the Watch alive, beyond the end of the
/// socket and even of the channel.
struct DnsChannel::Watch : std::enable_shared_from_this<Watch> {
    enum Direction { read, write };

    Watch(boost::asio::io_context& io, DnsChannel& owner) : descriptor(io), channel(&owner) {}

    void want(bool for_read, bool for_write) {
        is_wanted = {for_read, for_write};
        for (const Direction direction : {read, write}) {
            if (is_wanted[direction] && !is_waited_for[direction]) wait(direction);
        }
    }

    void wait(Direction direction) {
        descriptor.async_wait(direction == read ? Descriptor::wait_read : Descriptor::wait_write,
                              [self = shared_from_this(), direction](const auto&) {
                                  self->is_waited_for[direction] = false;
                                  self->on_ready(direction);
                              });
        is_waited_for[direction] = true;
    }

    void on_ready(Direction direction) {
        if (channel == nullptr || !is_wanted[direction]) return;
        const int socket = descriptor.native_handle();
        ares_process_fd(channel->channel_.get(), direction == read ? socket : ARES_SOCKET_BAD,
                        direction == write ? socket : ARES_SOCKET_BAD);
        if (channel != nullptr) channel->watch(socket, is_wanted[read], is_wanted[write]);
    }

    /// c-ares is about to close the socket.
    void end() {
        channel = nullptr;
        descriptor.release();
    }

    Descriptor descriptor;
    DnsChannel* channel;
    std::array<bool, 2> is_wanted{};
    std::array<bool, 2> is_waited_for{};
};

/// The callbacks for c-ares. No exception may leave them.
struct DnsChannel::Callbacks {
    static void on_socket_state(void* self, ares_socket_t socket, int readable, int writable) {
        static_cast<DnsChannel*>(self)->watch(socket, readable != 0, writable != 0);
    }

    static void on_answer(void* argument, int status, int /*timeouts*/, ares_addrinfo* result) {
        const std::unique_ptr<Query> query(static_cast<Query*>(argument));
        const Answers answers(result, &ares_freeaddrinfo);
        if (status == ARES_EDESTRUCTION) return;
        --query->channel.size_;
        try {
            query->done(answer(query->channel, status, answers.get()));
        } catch (const std::exception&) {
            // Without memory for a result, its waiters wait until their own deadlines.
        }
    }

    static Resolved answer(const DnsChannel& channel, int status, const ares_addrinfo* answers) {
        try {
            return status == ARES_SUCCESS ? resolved(*answers) : channel.failure(status);
        } catch (const std::bad_alloc&) {
            return {.error = "out of memory", .is_local_error = true};
        }
    }

    // The library opens the sockets itself: it has to know why one is not available, and in c-ares
    // 1.18 a name server that closes its connection raises SIGPIPE in the host's process.

    static ares_socket_t open(int domain, int type, int protocol, void* self) {
        const int socket = ::socket(domain, type | SOCK_NONBLOCK | SOCK_CLOEXEC, protocol);
        const std::error_code code = socket < 0 ? last_error() : std::error_code();
        static_cast<DnsChannel*>(self)->shortage_ = is_local_error(code) ? code : std::error_code();
        return socket;
    }

    static int close(ares_socket_t socket, void* /*self*/) { return ::close(socket); }

    static int connect(ares_socket_t socket, const sockaddr* address, ares_socklen_t size,
                       void* /*self*/) {
        return ::connect(socket, address, size);
    }

    static ares_ssize_t receive(ares_socket_t socket, void* buffer, std::size_t size, int flags,
                                sockaddr* from, ares_socklen_t* from_size, void* /*self*/) {
        return ::recvfrom(socket, buffer, size, flags, from, from_size);
    }

    static ares_ssize_t send(ares_socket_t socket, const iovec* parts, int count, void* /*self*/) {
        msghdr message{};
        message.msg_iov = const_cast<iovec*>(parts);
        message.msg_iovlen = static_cast<std::size_t>(count);
        return ::sendmsg(socket, &message, MSG_NOSIGNAL);
    }

    static constexpr ares_socket_functions sockets{open, close, connect, receive, send};
};

void DnsChannel::Destroy::operator()(ares_channeldata* channel) const noexcept {
    ares_destroy(channel);
}

DnsChannel::DnsChannel(boost::asio::io_context& io, const DnsOptions& options) : io_(io) {
    require_descriptor();
    ares_options settings{};
    // Names are absolute. For c-ares 1.18 this also requires an empty list of search domains.
    settings.flags = ARES_FLAG_NOSEARCH | ARES_FLAG_NOALIASES;
    settings.ndomains = 0;
    settings.timeout = static_cast<int>(options.first_timeout.count());
    settings.tries = rounds;
    settings.sock_state_cb = &Callbacks::on_socket_state;
    settings.sock_state_cb_data = this;
    int given = ARES_OPT_FLAGS | ARES_OPT_DOMAINS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES |
                ARES_OPT_SOCK_STATE_CB;
#ifdef ARES_OPT_MAXTIMEOUTMS
    // Later versions adapt to a server's speed; that must not take longer either.
    settings.maxtimeout = settings.timeout << (rounds - 1);
    given |= ARES_OPT_MAXTIMEOUTMS;
#endif
#ifdef ARES_OPT_QUERY_CACHE
    // Later versions also cache results themselves, for up to an hour.
    settings.qcache_max_ttl = 0;
    given |= ARES_OPT_QUERY_CACHE;
#endif
    ares_channeldata* channel = nullptr;
    require(ares_init_options(&channel, &settings, given));
    channel_.reset(channel);
    ares_set_socket_functions(channel, &Callbacks::sockets, this);
    if (!options.name_servers.empty()) {
        require(ares_set_servers_ports_csv(channel, joined(options.name_servers).c_str()));
    }
}

DnsChannel::~DnsChannel() = default;

void DnsChannel::ask(const std::string& host, Done done) {
    ares_addrinfo_hints hints{};
    hints.ai_family = AF_UNSPEC;
    hints.ai_socktype = SOCK_STREAM;
    // Sorting takes a socket and three system calls for each address.
    hints.ai_flags = ARES_AI_NOSORT;
    auto query = std::make_unique<Query>(Query{*this, std::move(done)});
    ++size_;
    ares_getaddrinfo(channel_.get(), host.c_str(), nullptr, &hints, &Callbacks::on_answer,
                     query.release());
}

void DnsChannel::process_timeouts() {
    ares_process_fd(channel_.get(), ARES_SOCKET_BAD, ARES_SOCKET_BAD);
    // If the last lookup has just timed out, c-ares 1.34 would keep the socket.
    if (size_ == 0) ares_cancel(channel_.get());
}

void DnsChannel::watch(int socket, bool for_read, bool for_write) noexcept try {
    std::shared_ptr<Watch>& watch = watches_[socket];
    if (!for_read && !for_write) {
        if (watch) watch->end();
        watches_.erase(socket);
        return;
    }
    if (!watch) {
        auto fresh = std::make_shared<Watch>(io_, *this);
        fresh->descriptor.assign(socket);
        watch = std::move(fresh);
    }
    watch->want(for_read, for_write);
} catch (const std::system_error& error) {
    shortage_ = error.code();
} catch (const std::exception&) {
    shortage_ = std::make_error_code(std::errc::not_enough_memory);
}

Resolved DnsChannel::failure(int status) const {
    const std::string error = "could not resolve host";
    if (status == ARES_ENOTFOUND || status == ARES_ENODATA) return {.error = error};
    if (status == ARES_ENOMEM) return {.error = "out of memory", .is_local_error = true};
    if (shortage_) {
        return {.error = error + ": " + shortage_.message(), .is_local_error = true};
    }
    return {.error = status == ARES_ETIMEOUT ? error + ": timed out" : error};
}

}  // namespace webhooks::transport
