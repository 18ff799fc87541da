#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <transport/stream.hpp>

namespace webhooks::transport {
namespace {

std::error_code system_code(int number) {
    return {number, std::system_category()};
}

/// OpenSSL's error queue belongs to the thread, and the host may have left something in it.
void forget_errors() {
    ERR_clear_error();
    errno = 0;
}

/// @return the number of bytes written to `out`.
socklen_t put_address(const IpAddress& address, std::uint16_t port, sockaddr_storage& out) {
    if (address.is_v6) {
        sockaddr_in6 v6{};
        v6.sin6_family = AF_INET6;
        v6.sin6_port = htons(port);
        std::memcpy(&v6.sin6_addr, address.bytes, sizeof v6.sin6_addr);
        std::memcpy(&out, &v6, sizeof v6);
        return sizeof v6;
    }
    sockaddr_in v4{};
    v4.sin_family = AF_INET;
    v4.sin_port = htons(port);
    std::memcpy(&v4.sin_addr, address.bytes, sizeof v4.sin_addr);
    std::memcpy(&out, &v4, sizeof v4);
    return sizeof v4;
}

/// Connections leave some descriptors to the rest of the process, which serves its own clients and
/// opens files. The system assigns the lowest free number, so the number shows how many are in use.
bool is_reserved(int descriptor) {
    constexpr rlim_t max_reserve = 64;
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return false;
    return static_cast<rlim_t>(descriptor) >=
           limit.rlim_cur - std::min(limit.rlim_cur / 8, max_reserve);
}

/// Whether this machine has a source address: `connect` reports the lack of one in the same way as
/// a lack of free ports. A UDP socket, which sends nothing here, uses no such port.
bool has_source_for(const sockaddr_storage& endpoint, socklen_t size) {
    const int probe = ::socket(endpoint.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (probe < 0) return false;
    const bool has_source =
        ::connect(probe, reinterpret_cast<const sockaddr*>(&endpoint), size) == 0;
    ::close(probe);
    return has_source;
}

}  // namespace

Stream::~Stream() {
    if (tls_ && is_tls_up_) SSL_shutdown(tls_.get());
    tls_.reset();
    if (socket_ >= 0) ::close(socket_);
    ERR_clear_error();
}

std::error_code Stream::connect(const IpAddress& address, std::uint16_t port) {
    address_ = address;
    const int family = address.is_v6 ? AF_INET6 : AF_INET;
    socket_ = ::socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP);
    if (socket_ < 0) return system_code(errno);
    if (is_reserved(socket_)) return system_code(EMFILE);
    const int on = 1;
    if (::setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) != 0) {
        return system_code(errno);
    }
    sockaddr_storage endpoint{};
    const socklen_t size = put_address(address, port, endpoint);
    is_connecting_ = true;
    // A connection that is established at once is reported as well.
    if (::connect(socket_, reinterpret_cast<const sockaddr*>(&endpoint), size) != 0 &&
        errno != EINPROGRESS && errno != EINTR) {
        const int cause = errno;
        if (cause != EADDRNOTAVAIL) return system_code(cause);
        return system_code(has_source_for(endpoint, size) ? EADDRNOTAVAIL : ENETUNREACH);
    }
    return poller_.watch(socket_, *this, registration_);
}

bool Stream::start_tls(const TlsContext& context, const std::string& host, bool host_is_address,
                       SSL_SESSION* earlier) {
    tls_ = context.session(socket_, host, host_is_address);
    if (tls_ && earlier != nullptr) SSL_set_session(tls_.get(), earlier);
    return tls_ != nullptr;
}

ResumableSession Stream::session() const {
    if (!tls_) return nullptr;
    ResumableSession session(SSL_get1_session(tls_.get()), SSL_SESSION_free);
    return session && SSL_SESSION_is_resumable(session.get()) == 1 ? session : nullptr;
}

/// @return whether connecting has ended; `code` is its result.
bool Stream::is_connected(std::error_code& code) const noexcept {
    int error = 0;
    socklen_t size = sizeof error;
    if (::getsockopt(socket_, SOL_SOCKET, SO_ERROR, &error, &size) != 0) error = errno;
    code = error == 0 ? std::error_code() : system_code(error);
    return error != 0 || can_go_on_[static_cast<int>(Direction::write)];
}

void Stream::on_change(bool can_read, bool can_write, bool has_hung_up) {
    has_hung_up_ = has_hung_up_ || has_hung_up;
    const bool is_new[2] = {can_read, can_write};
    bool is_due = false;
    for (int direction = 0; direction < 2; ++direction) {
        can_go_on_[direction] = can_go_on_[direction] || is_new[direction] || has_hung_up;
        if (!can_go_on_[direction] || !waits_for_[direction]) continue;
        waits_for_[direction] = false;
        is_due = true;
    }
    if (owner_ == nullptr) return;
    if (is_connecting_) {
        std::error_code code;
        if (!is_connected(code)) return;
        is_connecting_ = false;
        owner_->on_connected(code);
    } else if (is_due) {
        owner_->on_ready();
    }
    // Nothing may follow: the owner may have destroyed this object.
}

Stream::Step Stream::handshake() {
    forget_errors();
    const int result = SSL_do_handshake(tls_.get());
    is_tls_up_ = result == 1;
    return step_of_tls(result, 0);
}

Stream::Step Stream::read(std::span<char> buffer) {
    if (!tls_) {
        const auto got = ::recv(socket_, buffer.data(), buffer.size(), 0);
        if (got > 0 && static_cast<std::size_t>(got) < buffer.size()) note_drained(Direction::read);
        return step_of_socket(got, Direction::read);
    }
    forget_errors();
    std::size_t bytes = 0;
    const int result = SSL_read_ex(tls_.get(), buffer.data(), buffer.size(), &bytes);
    return step_of_tls(result, bytes);
}

Stream::Step Stream::write(std::string_view bytes) {
    if (!tls_) {
        return step_of_socket(::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL),
                              Direction::write);
    }
    forget_errors();
    std::size_t written = 0;
    const int result = SSL_write_ex(tls_.get(), bytes.data(), bytes.size(), &written);
    return step_of_tls(result, written);
}

Stream::Step Stream::step_of_socket(long result, Direction direction) {
    if (result > 0) return {.kind = Step::Kind::moved, .bytes = static_cast<std::size_t>(result)};
    if (result == 0) return {.kind = Step::Kind::ended};
    if (errno == EAGAIN || errno == EWOULDBLOCK) {
        note_drained(direction);
    } else if (errno != EINTR) {
        return {.kind = Step::Kind::failed, .code = system_code(errno)};
    }
    return {.kind =
                direction == Direction::read ? Step::Kind::wants_read : Step::Kind::wants_write};
}

Stream::Step Stream::step_of_tls(int result, std::size_t bytes) {
    if (result == 1) return {.kind = Step::Kind::moved, .bytes = bytes};
    const int cause = errno;
    switch (SSL_get_error(tls_.get(), result)) {
        case SSL_ERROR_WANT_READ:
            note_drained(Direction::read);
            return {.kind = Step::Kind::wants_read};
        case SSL_ERROR_WANT_WRITE:
            note_drained(Direction::write);
            return {.kind = Step::Kind::wants_write};
        case SSL_ERROR_ZERO_RETURN:
            return {.kind = Step::Kind::ended};
        case SSL_ERROR_SYSCALL:
            is_tls_up_ = false;
            if (cause == 0) return {.kind = Step::Kind::ended};
            return {.kind = Step::Kind::failed, .code = system_code(cause)};
        default:
            break;
    }
    is_tls_up_ = false;
    return {.kind = Step::Kind::failed, .error = tls_error(*tls_)};
}

void Stream::note_drained(Direction direction) noexcept {
    // A hang-up that has been reported is not reported again.
    can_go_on_[static_cast<int>(direction)] = has_hung_up_;
}

void Stream::wait(Direction direction) {
    const int index = static_cast<int>(direction);
    waits_for_[index] = true;
    if (can_go_on_[index]) registration_.schedule();
}

bool Stream::is_reusable() noexcept {
    if (has_hung_up_ || has_pending()) return false;
    bool& can_read = can_go_on_[static_cast<int>(Direction::read)];
    if (!can_read) return true;
    // A session does not reveal whether it has read everything available.
    char byte = 0;
    const auto got = ::recv(socket_, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    can_read = got >= 0 || (errno != EAGAIN && errno != EWOULDBLOCK);
    return !can_read;
}

}  // namespace webhooks::transport
