#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <base/thread.hpp>
#include <storage/sql/postgresql/watchdog.hpp>

namespace webhooks::storage {
namespace {

/// The number of checks for received data within the timeout.
constexpr int looks = 4;

/// @return always 0 if it is not TCP: local connections do not fail in this way.
std::uint64_t received_bytes(int socket) {
    tcp_info info{};
    socklen_t size = sizeof info;
    if (::getsockopt(socket, IPPROTO_TCP, TCP_INFO, &info, &size) != 0) return 0;
    return info.tcpi_bytes_received;
}

}  // namespace

PostgresqlWatchdog::PostgresqlWatchdog()
    : thread_(start_thread("webhooks-watch", [this] { run(); })) {}

PostgresqlWatchdog::~PostgresqlWatchdog() {
    {
        const std::scoped_lock lock(mutex_);
        is_stopping_ = true;
    }
    changed_.notify_one();
    thread_.join();
}

void PostgresqlWatchdog::Watch::expect(std::chrono::milliseconds response_timeout) {
    const Expectation expectation{.response_timeout = response_timeout,
                                  .silent_since = Clock::now(),
                                  .received = received_bytes(socket_)};
    bool is_next = false;
    {
        const std::scoped_lock lock(watchdog_.mutex_);
        watchdog_.expected_[this] = expectation;
        const Clock::time_point look_at = expectation.silent_since + response_timeout / looks;
        is_next = look_at < watchdog_.looks_at_;
        if (is_next) watchdog_.looks_at_ = look_at;
    }
    if (is_next) watchdog_.changed_.notify_one();
}

void PostgresqlWatchdog::Watch::expect_nothing() {
    const std::scoped_lock lock(watchdog_.mutex_);
    watchdog_.expected_.erase(this);
}

PostgresqlWatchdog::Clock::time_point PostgresqlWatchdog::look(Clock::time_point now) {
    Clock::time_point next = Clock::time_point::max();
    for (auto& [watch, expectation] : expected_) {
        if (watch->timed_out_) continue;
        if (const auto received = received_bytes(watch->socket_);
            received != expectation.received) {
            expectation.received = received;
            expectation.silent_since = now;
        }
        if (now - expectation.silent_since >= expectation.response_timeout) {
            watch->timed_out_ = true;
            ::shutdown(watch->socket_, SHUT_RDWR);
            continue;
        }
        next = std::min({next, now + expectation.response_timeout / looks,
                         expectation.silent_since + expectation.response_timeout});
    }
    return next;
}

void PostgresqlWatchdog::run() {
    std::unique_lock lock(mutex_);
    while (!is_stopping_) {
        const Clock::time_point next = looks_at_;
        if (next == Clock::time_point::max()) {
            changed_.wait(lock);
        } else {
            changed_.wait_until(lock, next);
        }
        if (const auto now = Clock::now(); now >= looks_at_) looks_at_ = look(now);
    }
}

}  // namespace webhooks::storage
