#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <stdexcept>
#include <string_view>
#include <support/tcp_proxy.hpp>
#include <utility>
#include <vector>

namespace webhooks::testing {
namespace {

template <class Address>
int connect_to(const Address& address) {
    const auto* const generic = reinterpret_cast<const sockaddr*>(&address);
    const int socket = ::socket(generic->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (::connect(socket, generic, sizeof address) == 0) return socket;
    ::close(socket);
    return -1;
}

int connect_to_server(const std::string& server) {
    if (server.starts_with("/")) {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        server.copy(address.sun_path, sizeof address.sun_path - 1);
        return connect_to(address);
    }
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(std::stoi(server)));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return connect_to(address);
}

bool send_all(int socket, const char* bytes, std::size_t size) {
    while (size > 0) {
        const auto sent = ::send(socket, bytes, size, MSG_NOSIGNAL);
        if (sent <= 0) return false;
        bytes += sent;
        size -= static_cast<std::size_t>(sent);
    }
    return true;
}

}  // namespace

TcpProxy::TcpProxy(std::string server, const std::string& at) : server_(std::move(server)) {
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    ::inet_pton(AF_INET, at.c_str(), &address.sin_addr);
    socklen_t size = sizeof address;
    auto* const generic = reinterpret_cast<sockaddr*>(&address);
    if (::bind(listener_, generic, size) != 0 || ::listen(listener_, 128) != 0 ||
        ::getsockname(listener_, generic, &size) != 0) {
        throw std::runtime_error("no port at " + at);
    }
    port_ = ntohs(address.sin_port);
    stop_ = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    thread_ = std::thread([this] { serve(); });
}

TcpProxy::~TcpProxy() {
    ::eventfd_write(stop_, 1);
    thread_.join();
    for (const auto& [client, connection] : open_) {
        ::close(connection.client);
        if (connection.server >= 0) ::close(connection.server);
    }
    ::close(stop_);
    ::close(listener_);
}

void TcpProxy::swallow() {
    const std::scoped_lock lock(mutex_);
    is_swallowing_ = true;
    for (auto& [client, connection] : open_) {
        connection.is_swallowing = true;
    }
}

void TcpProxy::heal() {
    const std::scoped_lock lock(mutex_);
    is_swallowing_ = false;
}

void TcpProxy::on_text(const std::string& text, int every, Fate fate) {
    const std::scoped_lock lock(mutex_);
    text_ = text;
    every_ = every;
    fate_ = fate;
    seen_ = 0;
}

void TcpProxy::serve() {
    while (true) {
        std::vector<pollfd> watched = {{stop_, POLLIN, 0}, {listener_, POLLIN, 0}};
        std::vector<std::pair<int, bool>> whose;  // Of the later ones: client, is its end.
        {
            const std::scoped_lock lock(mutex_);
            for (const auto& [client, connection] : open_) {
                watched.push_back({client, POLLIN, 0});
                whose.emplace_back(client, true);
                if (connection.server < 0) continue;
                watched.push_back({connection.server, POLLIN, 0});
                whose.emplace_back(client, false);
            }
        }
        if (::poll(watched.data(), watched.size(), -1) < 0) continue;
        if (watched[0].revents != 0) return;
        const std::scoped_lock lock(mutex_);
        for (std::size_t i = 0; i < whose.size(); ++i) {
            if (watched[i + 2].revents == 0) continue;
            const auto found = open_.find(whose[i].first);
            if (found == open_.end() || pass_on(found->second, whose[i].second)) continue;
            ::close(found->second.client);
            if (found->second.server >= 0) ::close(found->second.server);
            open_.erase(found);
        }
        // Last, because a new socket may get the number of one that was closed.
        if (watched[1].revents != 0) accept_one();
    }
}

void TcpProxy::accept_one() {
    const int client = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (client < 0) return;
    ++connections_;
    const int at_once = 1;
    ::setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &at_once, sizeof at_once);
    Connection connection{.client = client, .is_swallowing = is_swallowing_};
    if (!is_swallowing_ && (connection.server = connect_to_server(server_)) < 0) {
        ::close(client);
        return;
    }
    open_.emplace(client, connection);
}

bool TcpProxy::pass_on(Connection& connection, bool from_client) {
    char bytes[64 * 1024];
    const auto got =
        ::recv(from_client ? connection.client : connection.server, bytes, sizeof bytes, 0);
    if (connection.is_swallowing) {
        // If one side closes, the other is not told.
        if (got > 0) return true;
        if (from_client) return false;
        ::close(std::exchange(connection.server, -1));
        return true;
    }
    if (got <= 0) return false;
    const auto size = static_cast<std::size_t>(got);
    if (!from_client) {
        if (connection.ends_with_reply) return false;
        if (connection.swallows_replies) {
            connection.is_swallowing = true;
            return true;
        }
        return send_all(connection.client, bytes, size);
    }
    if (is_struck(bytes, size)) {
        ++struck_;
        connection.ends_with_reply = fate_ == Fate::reply_cut;
        connection.swallows_replies = fate_ == Fate::reply_lost;
        connection.is_swallowing = fate_ == Fate::never_there;
        if (connection.is_swallowing) return true;
    }
    return send_all(connection.server, bytes, size);
}

bool TcpProxy::is_struck(const char* bytes, std::size_t size) {
    return !text_.empty() && std::string_view(bytes, size).find(text_) != std::string_view::npos &&
           ++seen_ % every_ == 0;
}

}  // namespace webhooks::testing
