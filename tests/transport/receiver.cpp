#include "receiver.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

#include <csignal>
#include <stdexcept>

namespace webhooks::testing {
namespace {

/// The tests leave SIGPIPE unchanged, to see that the transport raises none; but OpenSSL may raise
/// it here.
void block_broken_pipe_signal() {
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &signals, nullptr);
}

std::size_t content_length(const std::string& head) {
    const std::size_t at = head.find("content-length: ");
    return at == std::string::npos ? 0 : std::stoul(head.substr(at + 16));
}

}  // namespace

Peer::Peer(int socket, SSL_CTX* tls) : socket_(socket) {
    if (tls == nullptr) return;
    tls_.reset(SSL_new(tls));
    SSL_set_fd(tls_.get(), socket_);
    is_usable_ = SSL_accept(tls_.get()) == 1;
}

Peer::~Peer() {
    if (tls_ && is_usable_) SSL_shutdown(tls_.get());
    if (socket_ >= 0) ::close(socket_);
}

bool Peer::read_more(std::string& bytes) {
    char buffer[16 * 1024];
    if (!is_usable_) return false;
    const auto got = tls_ ? SSL_read(tls_.get(), buffer, sizeof buffer)
                          : static_cast<int>(::recv(socket_, buffer, sizeof buffer, 0));
    is_usable_ = got > 0;
    if (is_usable_) bytes.append(buffer, static_cast<std::size_t>(got));
    return is_usable_;
}

std::string Peer::read_request() {
    std::string bytes;
    while (true) {
        const std::size_t end = bytes.find("\r\n\r\n");
        if (end != std::string::npos && bytes.size() >= end + 4 + content_length(bytes)) {
            return bytes;
        }
        if (!read_more(bytes)) return {};
    }
}

bool Peer::send(std::string_view bytes) {
    while (is_usable_ && !bytes.empty()) {
        const auto sent =
            tls_ ? SSL_write(tls_.get(), bytes.data(), static_cast<int>(bytes.size()))
                 : static_cast<int>(::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL));
        is_usable_ = sent > 0;
        if (is_usable_) bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return is_usable_;
}

void Peer::wait_for_close() {
    std::string ignored;
    while (read_more(ignored)) {
    }
}

bool Peer::is_closed_within(std::chrono::milliseconds patience) {
    pollfd awaited{.fd = socket_, .events = POLLIN, .revents = 0};
    return ::poll(&awaited, 1, static_cast<int>(patience.count())) != 0;
}

void Peer::reset() {
    const linger at_once{.l_onoff = 1, .l_linger = 0};
    ::setsockopt(socket_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    is_usable_ = false;
}

void Peer::finish_sending() {
    ::shutdown(socket_, SHUT_WR);
}

void Peer::interrupt() noexcept {
    ::shutdown(socket_, SHUT_RDWR);
}

Receiver::Receiver(Script script, SSL_CTX* tls) : script_(std::move(script)), tls_(tls) {
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* const generic = reinterpret_cast<sockaddr*>(&address);
    if (::bind(listener_, generic, size) != 0 || ::listen(listener_, 128) != 0 ||
        ::getsockname(listener_, generic, &size) != 0) {
        throw std::runtime_error("no loopback port");
    }
    port_ = ntohs(address.sin_port);
    acceptor_ = std::thread([this] { accept_all(); });
}

Receiver::~Receiver() {
    {
        const std::scoped_lock lock(mutex_);
        is_stopped_ = true;
        for (Peer* peer : peers_) {
            peer->interrupt();
        }
    }
    ::shutdown(listener_, SHUT_RDWR);
    acceptor_.join();
    for (std::thread& thread : threads_) {
        thread.join();
    }
    ::close(listener_);
}

std::string Receiver::url(std::string_view path) const {
    return (tls_ != nullptr ? "https" : "http") + std::string("://127.0.0.1:") +
           std::to_string(port_) + std::string(path);
}

void Receiver::accept_all() {
    block_broken_pipe_signal();
    while (true) {
        const int socket = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
        if (socket < 0) return;
        const int number = connections_++;
        threads_.emplace_back([this, socket, number] { serve(socket, number); });
    }
}

void Receiver::serve(int socket, int number) {
    const timeval patience{.tv_sec = 20, .tv_usec = 0};
    ::setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    Peer peer(socket, tls_);
    {
        const std::scoped_lock lock(mutex_);
        peers_.push_back(&peer);
        if (is_stopped_) peer.interrupt();
    }
    script_(peer, number);
    const std::scoped_lock lock(mutex_);
    std::erase(peers_, &peer);
}

Receiver::Script answer_always(std::string answer) {
    return [answer = std::move(answer)](Peer& peer, int) {
        while (!peer.read_request().empty() && peer.send(answer)) {
        }
    };
}

}  // namespace webhooks::testing
