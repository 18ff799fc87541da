#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <storage/sql/postgresql/watchdog.hpp>
#include <support/catch.hpp>

namespace webhooks::storage {

using namespace std::chrono_literals;
using Watch = PostgresqlWatchdog::Watch;

namespace {

/// The two ends of a connection.
struct Ends {
    Ends() {
        const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof address;
        auto* const generic = reinterpret_cast<sockaddr*>(&address);
        REQUIRE(::bind(listener, generic, size) == 0);
        REQUIRE(::listen(listener, 1) == 0);
        REQUIRE(::getsockname(listener, generic, &size) == 0);
        ours = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        REQUIRE(::connect(ours, generic, size) == 0);
        theirs = ::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
        ::close(listener);
    }
    Ends(const Ends&) = delete;
    Ends& operator=(const Ends&) = delete;
    ~Ends() {
        ::close(ours);
        ::close(theirs);
    }

    /// Waits for this end to become readable. @return whether it did in time
    bool is_readable_within(std::chrono::milliseconds time) const {
        pollfd awaited{.fd = ours, .events = POLLIN, .revents = 0};
        return ::poll(&awaited, 1, static_cast<int>(time.count())) == 1;
    }

    int ours = -1;
    int theirs = -1;
};

}  // namespace

TEST_CASE("only a connection without a response for too long is closed") {
    PostgresqlWatchdog watchdog;
    const Ends silent;
    const Ends idle;
    const Ends patient;
    Watch silent_watch(watchdog, silent.ours);
    Watch idle_watch(watchdog, idle.ours);
    Watch patient_watch(watchdog, patient.ours);
    patient_watch.expect(10min);
    idle_watch.expect(20ms);
    idle_watch.expect_nothing();
    silent_watch.expect(50ms);
    CHECK_FALSE(silent.is_readable_within(30ms));
    CHECK(silent.is_readable_within(10s));
    CHECK(silent_watch.timed_out());
    CHECK_FALSE(idle_watch.timed_out());
    CHECK_FALSE(patient_watch.timed_out());
}

TEST_CASE("a connection on which a response arrives slowly is kept") {
    PostgresqlWatchdog watchdog;
    const Ends slow;
    Watch watch(watchdog, slow.ours);
    watch.expect(400ms);
    for (int i = 0; i < 16; ++i) {
        REQUIRE(::send(slow.theirs, "x", 1, MSG_NOSIGNAL) == 1);
        char byte = 0;
        REQUIRE(::recv(slow.ours, &byte, 1, 0) == 1);
        CHECK_FALSE(slow.is_readable_within(50ms));
    }
    CHECK_FALSE(watch.timed_out());
    CHECK(slow.is_readable_within(10s));
    CHECK(watch.timed_out());
}

}  // namespace webhooks::storage
