// Several delivery threads: what they share, which hosts are whose, and when they run.

#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <list>
#include <support/catch.hpp>
#include <support/certificates.hpp>
#include <support/descriptors.hpp>
#include <support/threads.hpp>

#include "closed_port.hpp"
#include "driver.hpp"
#include "receiver.hpp"

using namespace webhooks;
using namespace webhooks::testing;
using Kind = TransportAnswer::Kind;

namespace {

HttpTransportOptions on_threads(int count) {
    HttpTransportOptions options = Driver::defaults();
    options.delivery_threads = count;
    return options;
}

std::vector<std::string> network_threads() {
    std::vector<std::string> names;
    for (const auto& [id, thread] : threads_of_this_process()) {
        if (thread.name.starts_with("webhooks-net-")) names.push_back(thread.name);
    }
    std::ranges::sort(names);
    return names;
}

/// Enough that, however their names are distributed, it is next to impossible that one of two
/// threads has none.
struct ManyReceivers {
    explicit ManyReceivers(const Receiver::Script& script) {
        for (int i = 0; i < 24; ++i)
            all.emplace_back(script);
    }

    /// One attempt for each.
    void start(Driver& driver) const {
        for (const Receiver& each : all)
            driver.start(request_to(each.url()));
    }
    int connections() const {
        int sum = 0;
        for (const Receiver& each : all)
            sum += each.connections();
        return sum;
    }
    int size() const { return static_cast<int>(all.size()); }

    std::list<Receiver> all;
};

double value_of(const std::vector<MetricFamily>& families, const std::string& name,
                const std::string& label) {
    for (const MetricFamily& family : families) {
        if (family.name != name) continue;
        for (const MetricSample& sample : family.samples) {
            if (sample.labels.front().second == label) return sample.value;
        }
    }
    throw std::runtime_error("no such metric");
}

}  // namespace

TEST_CASE("with one delivery thread a transport starts no thread") {
    Receiver receiver(answer_always(ok));
    Driver driver(on_threads(1));
    CHECK(driver.send(receiver.url()).status_code == 200);
    CHECK(network_threads().empty());
}

TEST_CASE("delivery threads run from the first attempt until cancel_all, and again after it") {
    const ManyReceivers receivers(answer_always(ok));
    Driver driver(on_threads(2));
    CHECK(network_threads().empty());
    const std::vector<std::string> both = {"webhooks-net-1", "webhooks-net-2"};
    for (std::size_t round = 1; round <= 2; ++round) {
        receivers.start(driver);
        driver.drive(round * receivers.all.size());
        CHECK(network_threads() == both);
        driver.transport().cancel_all();
        CHECK(network_threads().empty());
    }
    for (const auto& [token, answer] : driver.answers())
        CHECK(answer.status_code == 200);
}

TEST_CASE("delivery threads receive no signal of the host") {
    const ManyReceivers receivers(answer_always(ok));
    Driver driver(on_threads(2));
    receivers.start(driver);
    driver.drive(receivers.all.size());
    for (const auto& [id, thread] : threads_of_this_process()) {
        if (thread.name.starts_with("webhooks-net-")) CHECK(blocks(thread, SIGTERM));
    }
}

TEST_CASE("all attempts at a host are made on one thread, which keeps its connection") {
    const ManyReceivers receivers(answer_always(ok));
    Driver driver(on_threads(4));
    for (std::size_t round = 1; round <= 5; ++round) {
        receivers.start(driver);
        driver.drive(round * receivers.all.size());
    }
    CHECK(receivers.connections() == receivers.size());
}

TEST_CASE("the thread of a host keeps its TLS sessions") {
    const ThrowawayAuthority authority;
    const ServerContext server = authority.server("DNS:localhost");
    std::atomic<int> resumed = 0;
    Receiver receiver(
        [&](Peer& peer, int) {
            peer.read_request();
            resumed += peer.is_resumed() ? 1 : 0;
            peer.send(ok);
        },
        server.get());
    HttpTransportOptions options = on_threads(4);
    options.ca_file = authority.file();
    options.keep_alive = 0ms;
    Driver driver(options);
    for (int i = 0; i < 4; ++i) {
        REQUIRE(
            driver.send("https://localhost:" + std::to_string(receiver.port()) + "/").status_code ==
            200);
    }
    CHECK(resumed == 3);
}

TEST_CASE("the limit of idle connections is for all delivery threads together") {
    const ManyReceivers receivers(answer_always(ok));
    HttpTransportOptions options = on_threads(3);
    options.max_idle_connections = 4;
    Driver driver(options);
    receivers.start(driver);
    driver.drive(receivers.all.size());
    int open = 0;
    for (const Receiver& each : receivers.all)
        open += static_cast<int>(connections_to(each.port()));
    CHECK(open <= 4);
    CHECK(open > 0);
}

TEST_CASE("the metrics of a transport are the sums of its delivery threads'") {
    const ManyReceivers receivers(answer_always(ok));
    Driver driver(on_threads(3));
    receivers.start(driver);
    driver.drive(receivers.all.size());
    const auto metrics = driver.transport().metrics();
    CHECK(value_of(metrics, "webhooks_connections_opened", "false") == receivers.size());
    CHECK(value_of(metrics, "webhooks_connections_opened", "true") == 0);
    CHECK(driver.drive_until([&] {
        return value_of(driver.transport().metrics(), "webhooks_connections", "idle") ==
               receivers.size();
    }));
}

TEST_CASE("a host with its own loop waits for delivery threads by one descriptor") {
    const ManyReceivers receivers(answer_always(ok));
    Driver driver(on_threads(2));
    Transport& transport = driver.transport();
    CHECK(transport.next_wake() == SteadyTime::max());
    receivers.start(driver);
    CHECK(transport.next_wake() == SteadyTime::min());
    driver.run(SteadyTime::min());
    pollfd waited{.fd = transport.wait_handle(), .events = POLLIN, .revents = 0};
    while (driver.answers().size() < receivers.all.size()) {
        REQUIRE(::poll(&waited, 1, 20'000) == 1);
        driver.run(SteadyTime::min());
    }
    CHECK(transport.next_wake() == SteadyTime::max());
    CHECK(::poll(&waited, 1, 0) == 0);
}

TEST_CASE("delivery threads leave no descriptor and no thread behind, whatever was in flight") {
    const std::size_t before = open_descriptors();
    {
        const ManyReceivers lively(answer_always(ok));
        const ManyReceivers silent([](Peer& peer, int) { peer.wait_for_close(); });
        ClosedPort hanging;
        hanging.hang();
        Driver driver(on_threads(3));
        lively.start(driver);
        silent.start(driver);
        driver.start(request_to(hanging.url()));
        driver.drive(lively.all.size());
        const bool is_cancelled = GENERATE(false, true);
        if (is_cancelled) driver.transport().cancel_all();
        silent.start(driver);  // Not even handed over.
    }
    CHECK(open_descriptors() == before);
    CHECK(network_threads().empty());
}

TEST_CASE("a child process can destroy a transport whose delivery threads its parent has") {
    const Receiver silent([](Peer& peer, int) { peer.wait_for_close(); });
    auto transport = make_http_transport(on_threads(2)).value();
    transport->start(1, request_to(silent.url()));
    struct Ignoring final : Transport::Sink {
        void on_answer(Transport::Token, TransportAnswer) override {}
    } sink;
    transport->run(SteadyTime::min(), sink);
    REQUIRE(network_threads().size() == 1);
    const pid_t child = ::fork();
    if (child == 0) {
        transport.reset();
        ::_exit(7);
    }
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    CHECK(WIFEXITED(status));
    CHECK(WEXITSTATUS(status) == 7);
    CHECK(network_threads().size() == 1);
}
