#include <openssl/err.h>
#include <sys/socket.h>

#include <cerrno>
#include <transport/stream.hpp>

namespace webhooks::transport {
namespace {

std::error_code system_code(int number) {
    return {number, std::system_category()};
}

/// OpenSSL's queue of errors is the thread's, and the host may have left something in it.
void forget_errors() {
    ERR_clear_error();
    errno = 0;
}

}  // namespace

Stream::~Stream() {
    close();
}

void Stream::close() noexcept {
    owner_ = nullptr;
    if (tls_ && is_tls_up_) SSL_shutdown(tls_.get());
    tls_.reset();
    is_tls_up_ = false;
    boost::system::error_code ignored;
    socket_.close(ignored);
    ERR_clear_error();
}

std::error_code Stream::connect(const Endpoint& endpoint) {
    boost::system::error_code code;
    socket_.open(endpoint.protocol(), code);
    if (!code) socket_.set_option(boost::asio::ip::tcp::no_delay(true), code);
    if (!code) socket_.native_non_blocking(true, code);
    if (code) return code;
    socket_.async_connect(endpoint, [self = shared_from_this()](boost::system::error_code result) {
        if (self->owner_ != nullptr) self->owner_->on_connected(result);
    });
    return {};
}

bool Stream::start_tls(const TlsContext& context, const std::string& host, bool host_is_address) {
    tls_ = context.session(socket_.native_handle(), host, host_is_address);
    return tls_ != nullptr;
}

Stream::Step Stream::handshake() {
    forget_errors();
    const int result = SSL_do_handshake(tls_.get());
    is_tls_up_ = result == 1;
    return step_of_tls(result, 0);
}

Stream::Step Stream::read(std::span<char> buffer) {
    if (!tls_) {
        return step_of_socket(::recv(socket_.native_handle(), buffer.data(), buffer.size(), 0),
                              Direction::read);
    }
    forget_errors();
    std::size_t bytes = 0;
    const int result = SSL_read_ex(tls_.get(), buffer.data(), buffer.size(), &bytes);
    return step_of_tls(result, bytes);
}

Stream::Step Stream::write(std::string_view bytes) {
    if (!tls_) {
        return step_of_socket(
            ::send(socket_.native_handle(), bytes.data(), bytes.size(), MSG_NOSIGNAL),
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
    if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR) {
        return {.kind = direction == Direction::read ? Step::Kind::wants_read
                                                     : Step::Kind::wants_write};
    }
    return {.kind = Step::Kind::failed, .code = system_code(errno)};
}

Stream::Step Stream::step_of_tls(int result, std::size_t bytes) {
    if (result == 1) return {.kind = Step::Kind::moved, .bytes = bytes};
    const int cause = errno;
    switch (SSL_get_error(tls_.get(), result)) {
        case SSL_ERROR_WANT_READ:
            return {.kind = Step::Kind::wants_read};
        case SSL_ERROR_WANT_WRITE:
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

void Stream::wait(Direction direction) {
    bool& waits = waits_for_[static_cast<int>(direction)];
    if (waits) return;
    waits = true;
    socket_.async_wait(direction == Direction::read ? Socket::wait_read : Socket::wait_write,
                       [self = shared_from_this(), &waits](boost::system::error_code) {
                           waits = false;
                           if (self->owner_ != nullptr) self->owner_->on_ready();
                       });
}

bool Stream::is_quiet() const noexcept {
    if (has_pending()) return false;
    char byte = 0;
    // native_handle() is not const, though it changes nothing.
    const int socket = const_cast<Socket&>(socket_).native_handle();
    const auto got = ::recv(socket, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    return got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
}

}  // namespace webhooks::transport
