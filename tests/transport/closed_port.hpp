#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string>
#include <support/catch.hpp>
#include <vector>

namespace webhooks::testing {

/// A loopback port that accepts no connection: bound, but not listening.
class ClosedPort {
public:
    ClosedPort() : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        address_.sin_family = AF_INET;
        address_.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof address_;
        REQUIRE(::bind(socket_, generic(), size) == 0);
        REQUIRE(::getsockname(socket_, generic(), &size) == 0);
    }
    ~ClosedPort() {
        for (const int caller : callers_)
            ::close(caller);
        ::close(socket_);
    }
    ClosedPort(const ClosedPort&) = delete;
    ClosedPort& operator=(const ClosedPort&) = delete;

    /// From now on connections hang: the kernel drops what does not fit into the queue.
    void hang() {
        REQUIRE(::listen(socket_, 0) == 0);
        for (int i = 0; i < 4; ++i) {
            callers_.push_back(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
            (void)::connect(callers_.back(), generic(), sizeof address_);
        }
    }
    std::string url() const { return "http://127.0.0.1:" + std::to_string(number()) + "/"; }
    int number() const { return ntohs(address_.sin_port); }

private:
    sockaddr* generic() { return reinterpret_cast<sockaddr*>(&address_); }

    int socket_;
    sockaddr_in address_{};
    std::vector<int> callers_;
};

}  // namespace webhooks::testing
