#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
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

struct Connection {
    std::size_t size = 0;
    char buffer[4096];
};

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

}  // namespace

struct Sink::Shared {
    std::atomic<std::uint64_t> requests{0};
    std::atomic<bool> keeps_ages{false};
    std::atomic<std::size_t> ages_kept{0};
    std::uint32_t ages[max_ages];
};

Sink::Sink(std::uint16_t port) {
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
        serve(listener);
    }
    ::close(listener);
}

Sink::~Sink() {
    ::kill(process_, SIGKILL);
    ::waitpid(process_, nullptr, 0);
    ::munmap(shared_, sizeof(Shared));
}

std::string Sink::url(std::size_t endpoint) const {
    const std::size_t host = endpoint + 1;
    return "http://127." + std::to_string(host / 62'500) + "." + std::to_string(host / 250 % 250) +
           "." + std::to_string(host % 250 + 1) + ":" + std::to_string(port_) + "/hook";
}

std::uint64_t Sink::requests() const noexcept {
    return shared_->requests.load(std::memory_order_relaxed);
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

void Sink::serve(int listener) {
    webhooks::testing::allow_many_descriptors();
    std::vector<std::unique_ptr<Connection>> connections;
    const int poll = ::epoll_create1(EPOLL_CLOEXEC);
    epoll_event event{.events = EPOLLIN, .data = {.fd = listener}};
    ::epoll_ctl(poll, EPOLL_CTL_ADD, listener, &event);
    epoll_event events[256];
    while (true) {
        const int count = ::epoll_wait(poll, events, 256, -1);
        for (int i = 0; i < count; ++i) {
            const int socket = events[i].data.fd;
            if (socket == listener) {
                sockaddr_in peer{};
                socklen_t size = sizeof peer;
                const int accepted = ::accept4(listener, reinterpret_cast<sockaddr*>(&peer), &size,
                                               SOCK_NONBLOCK | SOCK_CLOEXEC);
                if (accepted < 0) continue;
                // It listens on all addresses, but serves only this machine.
                if (ntohl(peer.sin_addr.s_addr) >> 24 != 127) {
                    ::close(accepted);
                    continue;
                }
                const int on = 1;
                ::setsockopt(accepted, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
                const auto slot = static_cast<std::size_t>(accepted);
                if (connections.size() <= slot) connections.resize(slot + 1);
                if (!connections[slot]) connections[slot] = std::make_unique<Connection>();
                connections[slot]->size = 0;
                epoll_event readable{.events = EPOLLIN, .data = {.fd = accepted}};
                ::epoll_ctl(poll, EPOLL_CTL_ADD, accepted, &readable);
                continue;
            }
            Connection& connection = *connections[static_cast<std::size_t>(socket)];
            const ssize_t size = ::read(socket, connection.buffer + connection.size,
                                        sizeof connection.buffer - connection.size);
            if (size <= 0) {
                if (size == 0 || (errno != EAGAIN && errno != EINTR)) ::close(socket);
                continue;
            }
            connection.size += static_cast<std::size_t>(size);
            std::string_view body;
            while (const std::size_t taken =
                       request_size({connection.buffer, connection.size}, body)) {
                if (shared_->keeps_ages.load(std::memory_order_relaxed) &&
                    body.starts_with(stamp_mark)) {
                    const std::uint64_t sent =
                        std::strtoull(body.data() + stamp_mark.size(), nullptr, 10);
                    const std::size_t at = shared_->ages_kept.load(std::memory_order_relaxed);
                    if (at < max_ages) {
                        shared_->ages[at] = static_cast<std::uint32_t>(now_us() - sent);
                        shared_->ages_kept.store(at + 1, std::memory_order_release);
                    }
                }
                shared_->requests.store(shared_->requests.load(std::memory_order_relaxed) + 1,
                                        std::memory_order_relaxed);
                ::send(socket, answer.data(), answer.size(), MSG_NOSIGNAL);
                connection.size -= taken;
                std::memmove(connection.buffer, connection.buffer + taken, connection.size);
            }
            if (connection.size == sizeof connection.buffer) ::close(socket);
        }
    }
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
