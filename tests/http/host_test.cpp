#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <stdexcept>
#include <support/descriptors.hpp>
#include <support/threads.hpp>

#include "server_fixture.hpp"

// How a server leaves its host's process alone.

namespace webhooks::http::testing {
namespace {

/// The port that a socket of this process is bound to; 0 if it is not such a socket.
std::uint16_t local_port(int descriptor) {
    sockaddr_in address{};
    socklen_t size = sizeof(address);
    if (::getsockname(descriptor, reinterpret_cast<sockaddr*>(&address), &size) != 0) return 0;
    return address.sin_family == AF_INET ? ntohs(address.sin_port) : 0;
}

struct ThrowingObserver final : Observer {
    void on_log(LogLevel, std::string_view) override {
        was_called = true;
        throw std::runtime_error("no room for logs");
    }
    std::atomic<bool> was_called = false;
};

struct ThrowingAuthenticator final : Authenticator {
    Result<Principal> authenticate(const RequestHead&) override { throw 42; }
};

struct WordlessAuthenticator final : Authenticator {
    Result<Principal> authenticate(const RequestHead&) override {
        return Error(Errc::not_found, "who are you?");
    }
    std::string challenge() const override { throw 42; }
};

/// Its challenge would end the field and begin another one.
struct SplittingAuthenticator final : Authenticator {
    Result<Principal> authenticate(const RequestHead&) override {
        return Error(Errc::not_found, "who are you?");
    }
    std::string challenge() const override { return "Basic\r\nX-Other: 1"; }
};

}  // namespace

TEST_CASE_METHOD(ServerFixture, "a server's threads have names and receive no signal of the host") {
    const auto before = webhooks::testing::threads_of_this_process();
    start({.threads = 3});
    std::size_t count = 0;
    for (const auto& [id, thread] : webhooks::testing::threads_of_this_process()) {
        if (before.contains(id)) continue;
        ++count;
        CHECK(thread.name == "webhooks-http");
        CHECK(blocks(thread, SIGTERM));
        CHECK(blocks(thread, SIGUSR1));
    }
    CHECK(count == 3 + ServerOptions().query_threads);
}

TEST_CASE_METHOD(ServerFixture, "no program that the host starts inherits a server's sockets") {
    const std::uint16_t port = start();
    Client client(port);
    REQUIRE(client.exchange(live).status() == 200);
    std::size_t count = 0;
    for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
        const int descriptor = std::stoi(entry.path().filename());
        if (local_port(descriptor) != port) continue;
        ++count;
        CHECK((::fcntl(descriptor, F_GETFD) & FD_CLOEXEC) != 0);
    }
    CHECK(count == 2);  // It listens, and has one connection.
}

TEST_CASE_METHOD(ServerFixture,
                 "a forked child may destroy its copy of a server, which keeps running") {
    const std::uint16_t port = start();
    const pid_t child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
        const bool is_rejected = !server->start() && server->start().error() == Errc::invalid_state;
        server->stop(std::chrono::milliseconds(0));
        server.reset();
        ::_exit(is_rejected ? 0 : 1);
    }
    int status = -1;
    REQUIRE(::waitpid(child, &status, 0) == child);
    CHECK(status == 0);
    Client client(port);
    CHECK(client.exchange(live).status() == 200);
}

TEST_CASE_METHOD(ServerFixture, "a server that its authenticator stops ends when others stop it") {
    struct Stopping final : Authenticator {
        explicit Stopping(std::optional<Server>& given) : server(given) {}
        Result<Principal> authenticate(const RequestHead&) override {
            server->stop(std::chrono::milliseconds(0));
            return Principal::user("alice");
        }
        std::optional<Server>& server;
    };
    server.emplace(
        Server::open(service, std::make_shared<Stopping>(server), {.port = 0, .threads = 1})
            .value());
    server->start().value();
    Client client(server->port());
    CHECK(client.exchange(request("GET", "/v1/webhooks/event-types")).status() == 200);
    CHECK(server->start().error() == Errc::stopped);
    server->stop(std::chrono::milliseconds(0));
    server.reset();
}

TEST_CASE_METHOD(ServerFixture, "a moved-from server does nothing") {
    const std::uint16_t port = start();
    Server moved = std::move(*server);
    CHECK(moved.port() == port);
    CHECK(server->port() == 0);
    const Result<> started = server->start();
    REQUIRE_FALSE(started);
    CHECK(started.error() == Errc::invalid_state);
    server->stop(std::chrono::milliseconds(0));
}

TEST_CASE_METHOD(ServerFixture,
                 "an observer or authenticator that throws does not end the server") {
    const auto observer = std::make_shared<ThrowingObserver>();
    auto failing =
        Server::open(service, std::make_shared<ThrowingAuthenticator>(), {.port = 0}, observer)
            .value();
    failing.start().value();
    Client client(failing.port());
    CHECK(client.exchange(request("GET", "/v1/webhooks/subscriptions")).status() == 500);
    CHECK(observer->was_called);

    auto wordless =
        Server::open(service, std::make_shared<WordlessAuthenticator>(), {.port = 0}).value();
    wordless.start().value();
    Client other(wordless.port());
    CHECK(other.exchange(request("GET", "/v1/webhooks/subscriptions")).status() == 401);
}

TEST_CASE_METHOD(ServerFixture, "a challenge of several lines is not sent") {
    auto splitting =
        Server::open(service, std::make_shared<SplittingAuthenticator>(), {.port = 0}).value();
    splitting.start().value();
    Client client(splitting.port());
    const auto response = client.exchange(request("GET", "/v1/webhooks/subscriptions"));
    CHECK(response.status() == 401);
    CHECK(response.field("WWW-Authenticate") == "Bearer");
    CHECK(response.field("X-Other").empty());
}

TEST_CASE_METHOD(ServerFixture, "a server that finds too few descriptors says so, and keeps none") {
    CHECK(Server::open(service, nullptr, {.port = 0}));
    const std::size_t before = webhooks::testing::open_descriptors();
    int failures = 0;
    for (std::size_t free = 0; free < 5; ++free) {
        const webhooks::testing::FewDescriptors few(128, free);
        const auto opened = Server::open(service, nullptr, {.port = 0});
        if (opened) continue;
        ++failures;
        CHECK(opened.error() == Errc::unavailable);
        CHECK(opened.error().detail().find("ulimit -n") != std::string::npos);
    }
    CHECK(failures >= 2);
    CHECK(webhooks::testing::open_descriptors() == before);
}

}  // namespace webhooks::http::testing
