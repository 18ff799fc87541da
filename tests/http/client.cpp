#include "client.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <support/catch.hpp>

namespace webhooks::http::testing {
namespace {

constexpr std::chrono::seconds patience{10};

std::string lower(std::string_view text) {
    std::string result(text);
    std::transform(result.begin(), result.end(), result.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return result;
}

}  // namespace

int Answer::status() const {
    return std::stoi(status_line.substr(9, 3));
}

std::string Answer::field(std::string_view name) const {
    const std::size_t at = lower(head).find("\r\n" + lower(name) + ": ");
    if (at == std::string::npos) return {};
    const std::size_t begin = at + 2 + name.size() + 2;
    return head.substr(begin, head.find("\r\n", begin) - begin);
}

Client::Client(std::uint16_t port) : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0)) {
    REQUIRE(socket_ >= 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const int result = ::connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address);
    REQUIRE((result == 0 || errno == EINPROGRESS));
    REQUIRE(wait(POLLOUT, patience));
}

Client::~Client() {
    ::close(socket_);
}

bool Client::wait(short events, std::chrono::milliseconds time) {
    pollfd poll{.fd = socket_, .events = events, .revents = 0};
    return ::poll(&poll, 1, static_cast<int>(time.count())) == 1;
}

bool Client::send(std::string_view bytes) {
    while (!bytes.empty()) {
        if (!wait(POLLOUT, patience)) return false;
        const ssize_t sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (sent <= 0) return false;
        bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
}

bool Client::is_closed() {
    pollfd poll{.fd = socket_, .events = POLLIN, .revents = 0};
    return ::poll(&poll, 1, 0) == 1 && (poll.revents & POLLHUP) != 0;
}

void Client::finish_sending() {
    ::shutdown(socket_, SHUT_WR);
}

bool Client::fill() {
    if (!wait(POLLIN, patience)) FAIL("nothing came within ten seconds");
    char buffer[16 * 1024];
    const ssize_t count = ::recv(socket_, buffer, sizeof buffer, 0);
    if (count <= 0) return false;
    input_.append(buffer, static_cast<std::size_t>(count));
    return true;
}

Answer Client::read(bool to_head) {
    std::size_t end = 0;
    while ((end = input_.find("\r\n\r\n")) == std::string::npos) {
        if (!fill()) FAIL("the connection ended before a response: '" << input_ << "'");
    }
    Answer answer;
    answer.head = input_.substr(0, end + 4);
    answer.status_line = answer.head.substr(0, answer.head.find("\r\n"));
    input_.erase(0, end + 4);
    const std::string length = answer.field("content-length");
    const std::size_t size = to_head || length.empty() ? 0 : std::stoul(length);
    while (input_.size() < size) {
        if (!fill()) FAIL("the connection ended within an answer");
    }
    answer.body = input_.substr(0, size);
    input_.erase(0, size);
    return answer;
}

std::string Client::read_to_end() {
    while (fill()) {
    }
    return std::exchange(input_, {});
}

bool Client::is_silent_for(std::chrono::milliseconds time) {
    return input_.empty() && !wait(POLLIN, time);
}

}  // namespace webhooks::http::testing
