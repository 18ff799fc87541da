#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <delivery/hostile_server.hpp>
#include <stdexcept>
#include <utility>

namespace webhooks::testing {
namespace {

/// The id of the descriptor that ends the thread; no port is 0.
constexpr std::uint64_t stop_id = 0;

void require(bool is_fine, const char* what) {
    if (!is_fine) throw std::runtime_error(what);
}

/// All of 127.0.0.0/8, and nothing that other machines can reach.
int listen_on_loopback(std::uint16_t& port) {
    const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_ANY);
    socklen_t size = sizeof address;
    auto* const generic = reinterpret_cast<sockaddr*>(&address);
    require(::setsockopt(socket, SOL_SOCKET, SO_BINDTODEVICE, "lo", 3) == 0, "no loopback device");
    require(::bind(socket, generic, size) == 0 && ::listen(socket, 4096) == 0 &&
                ::getsockname(socket, generic, &size) == 0,
            "no loopback port");
    port = ntohs(address.sin_port);
    return socket;
}

std::string header(const std::string& head, const std::string& name) {
    const std::size_t at = head.find("\r\n" + name + ": ");
    if (at == std::string::npos) return {};
    const std::size_t begin = at + name.size() + 4;
    return head.substr(begin, head.find("\r\n", begin) - begin);
}

}  // namespace

HostileServer::HostileServer()
    : epoll_(::epoll_create1(EPOLL_CLOEXEC)), stop_(::eventfd(0, EFD_CLOEXEC)) {
    epoll_event event{.events = EPOLLIN, .data = {.u64 = stop_id}};
    ::epoll_ctl(epoll_, EPOLL_CTL_ADD, stop_, &event);
    thread_ = std::thread([this] { serve(); });
}

HostileServer::~HostileServer() {
    ::eventfd_write(stop_, 1);
    thread_.join();
    for (const auto& [id, connection] : connections_) {
        ::close(connection.socket);
    }
    for (const auto& [port, endpoint] : endpoints_) {
        ::close(endpoint.socket);
    }
    ::close(stop_);
    ::close(epoll_);
}

HostileServer::Port HostileServer::open(Manner manner) {
    const std::scoped_lock lock(mutex_);
    Port port = 0;
    const int socket = listen_on_loopback(port);
    endpoints_[port] = {.socket = socket,
                        .manner = std::make_shared<const Manner>(std::move(manner))};
    epoll_event event{.events = EPOLLIN, .data = {.u64 = port}};
    ::epoll_ctl(epoll_, EPOLL_CTL_ADD, socket, &event);
    return port;
}

void HostileServer::set(Port port, Manner manner) {
    const std::scoped_lock lock(mutex_);
    endpoints_.at(port).manner = std::make_shared<const Manner>(std::move(manner));
}

std::vector<Arrival> HostileServer::arrivals(Port port) const {
    const std::scoped_lock lock(mutex_);
    return endpoints_.at(port).arrivals;
}

bool HostileServer::wait_for_arrivals(Port port, std::size_t count,
                                      std::chrono::milliseconds patience) const {
    std::unique_lock lock(mutex_);
    return arrived_.wait_for(lock, patience,
                             [&] { return endpoints_.at(port).arrivals.size() >= count; });
}

std::size_t HostileServer::connections(Port port) const {
    const std::scoped_lock lock(mutex_);
    return endpoints_.at(port).connections;
}

std::size_t HostileServer::take_max_connections(Port port) {
    const std::scoped_lock lock(mutex_);
    Endpoint& endpoint = endpoints_.at(port);
    return std::exchange(endpoint.max_connections, endpoint.connections);
}

void HostileServer::serve() {
    epoll_event events[256];
    std::unique_lock lock(mutex_);
    while (true) {
        const auto patience = due_.empty()
                                  ? std::chrono::milliseconds(-1)
                                  : std::chrono::ceil<std::chrono::milliseconds>(std::max(
                                        due_.begin()->first - std::chrono::steady_clock::now(),
                                        Time::duration::zero()));
        lock.unlock();
        const int count =
            ::epoll_wait(epoll_, events, std::size(events), static_cast<int>(patience.count()));
        lock.lock();
        for (int i = 0; i < count; ++i) {
            const Id id = events[i].data.u64;
            if (id == stop_id) return;
            on_ready(id, events[i].events);
        }
        on_due(std::chrono::steady_clock::now());
    }
}

void HostileServer::accept_all(Port port) {
    Endpoint& endpoint = endpoints_.at(port);
    while (true) {
        const int socket =
            ::accept4(endpoint.socket, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (socket < 0) return;
        const Id id = ++last_id_;
        Connection& connection = connections_[id] = {.socket = socket, .port = port};
        endpoint.max_connections = std::max(endpoint.max_connections, ++endpoint.connections);
        epoll_event event{.events = EPOLLIN, .data = {.u64 = id}};
        ::epoll_ctl(epoll_, EPOLL_CTL_ADD, socket, &event);
        if (!endpoint.manner->heeds_requests) begin_answer(id, connection);
    }
}

void HostileServer::on_ready(Id id, std::uint32_t events) {
    if (id <= 65'535) return accept_all(static_cast<Port>(id));
    const auto found = connections_.find(id);
    if (found == connections_.end()) return;
    Connection& connection = found->second;
    if ((events & EPOLLOUT) != 0 && go_on(id, connection) == Verdict::is_over) return close(id);
    if ((events & ~EPOLLOUT) == 0) return;
    if (read(connection) == Verdict::is_over) return close(id);
    if (!connection.manner) take_request(id, connection);
}

void HostileServer::on_due(Time now) {
    while (!due_.empty() && due_.begin()->first <= now) {
        const Id id = due_.begin()->second;
        due_.erase(due_.begin());
        const auto found = connections_.find(id);
        if (found != connections_.end() && go_on(id, found->second) == Verdict::is_over) close(id);
    }
}

HostileServer::Verdict HostileServer::read(Connection& connection) {
    char buffer[64 * 1024];
    const auto got = ::recv(connection.socket, buffer, sizeof buffer, 0);
    if (got <= 0) return Verdict::is_over;
    connection.input.append(buffer, static_cast<std::size_t>(got));
    return Verdict::goes_on;
}

void HostileServer::take_request(Id id, Connection& connection) {
    std::string& input = connection.input;
    const std::size_t end = input.find("\r\n\r\n");
    if (end == std::string::npos) return;
    const std::string head = input.substr(0, end + 2);
    const std::size_t size = std::stoul(header(head, "content-length"));
    if (input.size() < end + 4 + size) return;
    endpoints_.at(connection.port)
        .arrivals.push_back({.at = std::chrono::steady_clock::now(),
                             .webhook_id = header(head, "webhook-id"),
                             .body = input.substr(end + 4, size)});
    arrived_.notify_all();
    input.erase(0, end + 4 + size);
    begin_answer(id, connection);
}

void HostileServer::begin_answer(Id id, Connection& connection) {
    connection.manner = endpoints_.at(connection.port).manner;
    connection.output = connection.manner->bytes;
    // Not sent right here, even without a delay: the connection may end meanwhile.
    due_.emplace(std::chrono::steady_clock::now() + connection.manner->delay, id);
}

HostileServer::Verdict HostileServer::go_on(Id id, Connection& connection) {
    const Manner& manner = *connection.manner;
    const bool is_paced = manner.pace.count() > 0;
    while (!connection.output.empty()) {
        const std::size_t size = is_paced ? 1 : connection.output.size();
        const auto sent = ::send(connection.socket, connection.output.data(), size, MSG_NOSIGNAL);
        if (sent < 0 && errno != EAGAIN) return Verdict::is_over;
        if (sent > 0) connection.output.erase(0, static_cast<std::size_t>(sent));
        if (is_paced && !connection.output.empty()) {
            due_.emplace(std::chrono::steady_clock::now() + manner.pace, id);
            return Verdict::goes_on;
        }
        if (sent < 0) {
            watch(id, connection, true);
            return Verdict::goes_on;
        }
    }
    return finish_answer(id, connection);
}

HostileServer::Verdict HostileServer::finish_answer(Id id, Connection& connection) {
    const Manner& manner = *connection.manner;
    switch (manner.then) {
        case Manner::Then::close:
            return Verdict::is_over;
        case Manner::Then::reset: {
            const linger at_once{.l_onoff = 1, .l_linger = 0};
            ::setsockopt(connection.socket, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
            return Verdict::is_over;
        }
        case Manner::Then::endless:
            connection.output = manner.filler;
            if (manner.pace.count() > 0) {
                due_.emplace(std::chrono::steady_clock::now() + manner.pace, id);
            } else {
                watch(id, connection, true);
            }
            return Verdict::goes_on;
        case Manner::Then::wait:
            break;
    }
    watch(id, connection, false);
    connection.manner = nullptr;
    take_request(id, connection);
    return Verdict::goes_on;
}

void HostileServer::watch(Id id, const Connection& connection, bool for_writing) {
    epoll_event event{.events = EPOLLIN | (for_writing ? EPOLLOUT : 0U), .data = {.u64 = id}};
    ::epoll_ctl(epoll_, EPOLL_CTL_MOD, connection.socket, &event);
}

void HostileServer::close(Id id) {
    const auto found = connections_.find(id);
    ::close(found->second.socket);
    --endpoints_.at(found->second.port).connections;
    connections_.erase(found);
}

}  // namespace webhooks::testing
