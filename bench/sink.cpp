#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>
#include <optional>
#include <sink.hpp>
#include <string_view>
#include <support/process.hpp>
#include <system_error>
#include <thread>

namespace bench {
namespace {

constexpr std::string_view answer = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
constexpr std::string_view stamp_mark = "{\"sent_us\":";
constexpr std::size_t max_ages = 1 << 20;

std::uint64_t now_us() {
    return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::microseconds>(
                                          std::chrono::steady_clock::now().time_since_epoch())
                                          .count());
}

int check(int result, const char* what) {
    if (result < 0) throw std::system_error(errno, std::generic_category(), what);
    return result;
}

/// The size of the request at the front of the received bytes, and its body. @return 0 if it is
/// incomplete.
std::size_t request_size(std::string_view arrived, std::string_view& body) {
    const auto head_end = arrived.find("\r\n\r\n");
    if (head_end == arrived.npos) return 0;
    // Of Content-Length, in any capitalization.
    const auto value = arrived.substr(0, head_end).find("ength: ");
    const std::size_t length =
        value == arrived.npos ? 0 : std::strtoul(arrived.data() + value + 7, nullptr, 10);
    const std::size_t size = head_end + 4 + length;
    if (arrived.size() < size) return 0;
    body = arrived.substr(head_end + 4, length);
    return size;
}

std::string address(std::size_t endpoint) {
    const std::size_t host = endpoint + 1;
    return "127." + std::to_string(host / 62'500) + "." + std::to_string(host / 250 % 250) + "." +
           std::to_string(host % 250 + 1);
}

}  // namespace

struct Sink::Shared {
    std::atomic<std::uint64_t> requests{0};
    std::atomic<std::uint64_t> handshakes{0};
    std::atomic<std::uint64_t> resumed{0};
    std::atomic<bool> keeps_ages{false};
    std::atomic<std::size_t> ages_kept{0};
    std::uint32_t ages[max_ages];
};

/// What the sink's process does. It counts alone, so it need not add atomically.
class Sink::Server {
public:
    Server(int listener, SSL_CTX* tls, Shared& shared)
        : listener_(listener), tls_(tls), shared_(shared) {}

    [[noreturn]] void run() {
        webhooks::testing::allow_many_descriptors();
        // OpenSSL writes to connections that their peer has given up.
        ::signal(SIGPIPE, SIG_IGN);
        watch(listener_);
        epoll_event events[256];
        while (true) {
            const int count = ::epoll_wait(poll_, events, 256, -1);
            for (int i = 0; i < count; ++i) {
                const int socket = events[i].data.fd;
                socket == listener_ ? accept() : read(socket);
            }
        }
    }

private:
    struct Connection {
        std::size_t size = 0;
        char buffer[4096];
        std::unique_ptr<SSL, decltype(&SSL_free)> tls{nullptr, SSL_free};
        bool is_counted = false;  ///< Its handshake is.
    };

    static void add(std::atomic<std::uint64_t>& counter, std::uint64_t count) {
        counter.store(counter.load(std::memory_order_relaxed) + count, std::memory_order_relaxed);
    }

    void watch(int socket) const {
        epoll_event readable{.events = EPOLLIN, .data = {.fd = socket}};
        ::epoll_ctl(poll_, EPOLL_CTL_ADD, socket, &readable);
    }

    void accept() {
        sockaddr_in peer{};
        socklen_t size = sizeof peer;
        const int socket = ::accept4(listener_, reinterpret_cast<sockaddr*>(&peer), &size,
                                     SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (socket < 0) return;
        // It listens on all addresses, but serves only this machine.
        if (ntohl(peer.sin_addr.s_addr) >> 24 != 127) {
            ::close(socket);
            return;
        }
        const int on = 1;
        ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        const auto slot = static_cast<std::size_t>(socket);
        if (connections_.size() <= slot) connections_.resize(slot + 1);
        if (!connections_[slot]) connections_[slot] = std::make_unique<Connection>();
        Connection& connection = *connections_[slot];
        connection.size = 0;
        connection.is_counted = false;
        if (tls_ != nullptr) {
            connection.tls.reset(SSL_new(tls_));
            SSL_set_fd(connection.tls.get(), socket);
            SSL_set_accept_state(connection.tls.get());
        }
        watch(socket);
    }

    void read(int socket) {
        Connection& connection = *connections_[static_cast<std::size_t>(socket)];
        // TLS keeps what it has decrypted, of which epoll does not know.
        do {
            const std::optional<std::size_t> size = receive(connection, socket);
            if (!size) return;
            connection.size += *size;
            // `openssl s_time` reads until the connection ends.
            const bool is_last = std::string_view(connection.buffer, connection.size)
                                     .starts_with("GET /hook HTTP/1.0");
            answer_requests(connection, socket);
            if (*size == 0 || is_last || connection.size == sizeof connection.buffer) {
                connection.tls.reset();
                ::close(socket);
                return;
            }
        } while (connection.tls && SSL_pending(connection.tls.get()) > 0);
    }

    /// @return nullopt: nothing has arrived; 0: the connection has ended.
    std::optional<std::size_t> receive(Connection& connection, int socket) {
        char* const to = connection.buffer + connection.size;
        const std::size_t room = sizeof connection.buffer - connection.size;
        if (!connection.tls) {
            const ssize_t size = ::read(socket, to, room);
            if (size >= 0) return static_cast<std::size_t>(size);
            return errno == EAGAIN || errno == EINTR ? std::nullopt : std::optional<std::size_t>(0);
        }
        std::size_t size = 0;
        const int result = SSL_read_ex(connection.tls.get(), to, room, &size);
        if (!connection.is_counted && SSL_is_init_finished(connection.tls.get()) == 1) {
            connection.is_counted = true;
            add(shared_.handshakes, 1);
            add(shared_.resumed, SSL_session_reused(connection.tls.get()) == 1 ? 1 : 0);
        }
        if (result == 1) return size;
        const bool is_waiting = SSL_get_error(connection.tls.get(), result) == SSL_ERROR_WANT_READ;
        ERR_clear_error();
        return is_waiting ? std::nullopt : std::optional<std::size_t>(0);
    }

    static void send_answer(const Connection& connection, int socket) {
        if (connection.tls) {
            SSL_write(connection.tls.get(), answer.data(), static_cast<int>(answer.size()));
        } else {
            ::send(socket, answer.data(), answer.size(), MSG_NOSIGNAL);
        }
    }

    void answer_requests(Connection& connection, int socket) {
        std::string_view body;
        while (const std::size_t taken = request_size({connection.buffer, connection.size}, body)) {
            if (shared_.keeps_ages.load(std::memory_order_relaxed) && body.starts_with(stamp_mark))
                keep_age(body);
            add(shared_.requests, 1);
            send_answer(connection, socket);
            connection.size -= taken;
            std::memmove(connection.buffer, connection.buffer + taken, connection.size);
        }
    }

    void keep_age(std::string_view body) {
        const std::uint64_t sent = std::strtoull(body.data() + stamp_mark.size(), nullptr, 10);
        const std::size_t at = shared_.ages_kept.load(std::memory_order_relaxed);
        if (at >= max_ages) return;
        shared_.ages[at] = static_cast<std::uint32_t>(now_us() - sent);
        shared_.ages_kept.store(at + 1, std::memory_order_release);
    }

    const int listener_;
    SSL_CTX* const tls_;
    Shared& shared_;
    const int poll_ = ::epoll_create1(EPOLL_CLOEXEC);
    std::vector<std::unique_ptr<Connection>> connections_;
};

Sink::Sink(std::uint16_t port, SSL_CTX* tls) : tls_(tls) {
    void* memory =
        ::mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) throw std::system_error(errno, std::generic_category(), "mmap");
    shared_ = new (memory) Shared;
    const int listener = check(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket");
    const int on = 1;
    ::setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    socklen_t size = sizeof address;
    if (::bind(listener, reinterpret_cast<sockaddr*>(&address), size) != 0) {
        address.sin_port = 0;
        check(::bind(listener, reinterpret_cast<sockaddr*>(&address), size), "bind");
    }
    check(::listen(listener, 4096), "listen");
    check(::getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size), "getsockname");
    port_ = ntohs(address.sin_port);
    const pid_t parent = ::getpid();
    process_ = check(::fork(), "fork");
    if (process_ == 0) {
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (::getppid() != parent) ::_exit(1);
        Server(listener, tls_, *shared_).run();
    }
    ::close(listener);
}

Sink::~Sink() {
    ::kill(process_, SIGKILL);
    ::waitpid(process_, nullptr, 0);
    ::munmap(shared_, sizeof(Shared));
}

std::string Sink::url(std::size_t endpoint) const {
    return std::string(tls_ != nullptr ? "https" : "http") + "://" + address(endpoint) + ":" +
           std::to_string(port_) + "/hook";
}

std::string Sink::names_of_hosts(std::size_t count) {
    std::string names;
    for (std::size_t i = 0; i < count; ++i) {
        names += (i == 0 ? "IP:" : ",IP:") + address(i);
    }
    return names;
}

std::uint64_t Sink::requests() const noexcept {
    return shared_->requests.load(std::memory_order_relaxed);
}

std::uint64_t Sink::handshakes() const noexcept {
    return shared_->handshakes.load(std::memory_order_relaxed);
}

std::uint64_t Sink::resumed() const noexcept {
    return shared_->resumed.load(std::memory_order_relaxed);
}

bool Sink::wait_for(std::uint64_t wanted, std::chrono::seconds limit) const {
    const auto deadline = std::chrono::steady_clock::now() + limit;
    while (requests() < wanted) {
        if (std::chrono::steady_clock::now() > deadline) return false;
        std::this_thread::sleep_for(std::chrono::microseconds(200));
    }
    return true;
}

void Sink::begin_ages() {
    shared_->ages_kept = 0;
    shared_->keeps_ages = true;
}

std::vector<std::chrono::microseconds> Sink::end_ages() {
    shared_->keeps_ages = false;
    std::vector<std::chrono::microseconds> ages;
    for (std::size_t i = 0; i < shared_->ages_kept; ++i)
        ages.emplace_back(shared_->ages[i]);
    std::ranges::sort(ages);
    return ages;
}

const std::string& payload() {
    static const std::string text = [] {
        std::string json = R"({"order":42,"note":")";
        json.append(payload_bytes - json.size() - 2, 'x');
        return json + "\"}";
    }();
    return text;
}

std::string stamped_payload() {
    std::string json = std::string(stamp_mark) + std::to_string(now_us()) + R"(,"note":")";
    json.append(payload_bytes - json.size() - 2, 'x');
    return json + "\"}";
}

}  // namespace bench
