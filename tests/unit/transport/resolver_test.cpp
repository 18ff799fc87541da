#include <array>
#include <cstdlib>
#include <map>
#include <stdexcept>
#include <support/catch.hpp>
#include <support/descriptors.hpp>
#include <support/dns_server.hpp>
#include <transport/resolver.hpp>

using namespace std::chrono_literals;
using namespace webhooks;
using testing::DnsServer;
using testing::open_descriptors;
using transport::Resolved;
using transport::Resolver;
using transport::ResolverOptions;
using Manner = DnsServer::Manner;

namespace {

/// For lookups that wait for name servers: longer than any test takes.
constexpr auto forever = 1h;
/// For lookups that wait until they fail: 15 times as much.
constexpr auto moment = 2ms;

/// A resolver with its own name server, on a loop that the test drives.
class Bench {
public:
    explicit Bench(std::chrono::milliseconds first_timeout = forever,
                   ResolverOptions options = {}) {
        options.dns = {.name_servers = {server.address()}, .first_timeout = first_timeout};
        resolver = std::make_unique<Resolver>(io, std::move(options));
    }

    /// Looks up the host for a waiter that waits until the end of the test.
    void start(const std::string& host) {
        handles[host] = resolver->resolve(host, now, [=, this](const Resolved& answer) {  //
            answers[host] = answer;
        });
    }
    template <class Condition>
    void run_until(Condition is_met) {
        const auto patience = SteadyTime::clock::now() + 20s;
        while (!is_met()) {
            if (SteadyTime::clock::now() > patience) throw std::runtime_error("nothing happens");
            io.restart();
            io.run_one_for(1ms);
            resolver->process_timeouts(now);
        }
    }
    void run_until_idle() {
        run_until([this] { return !resolver->is_busy(); });
        io.restart();
        io.poll();
    }
    Resolved resolve(const std::string& host) {
        answers.erase(host);
        start(host);
        run_until([&] { return answers.contains(host); });
        return answers[host];
    }

    DnsServer server;
    boost::asio::io_context io;
    std::unique_ptr<Resolver> resolver;
    SteadyTime now = SteadyTime::clock::now();  ///< What the resolver is told.
    std::map<std::string, Resolver::LookupHandle> handles;
    std::map<std::string, Resolved> answers;
};

std::vector<std::string> texts(const Resolved& resolved) {
    std::vector<std::string> texts;
    for (const IpAddress& address : resolved.addresses) {
        texts.push_back(address.to_string());
    }
    return texts;
}

std::string hanging(int number) {
    return "hanging" + std::to_string(number) + ".example";
}

}  // namespace

TEST_CASE("a name's addresses are found, alternating IPv4 and IPv6") {
    struct Row {
        std::vector<std::string> recorded;
        std::vector<std::string> found;
    };
    using Texts = std::vector<std::string>;
    const auto row = GENERATE(values<Row>({
        {Texts{"192.0.2.1"}, Texts{"192.0.2.1"}},
        {Texts{"2001:db8::1"}, Texts{"2001:db8::1"}},
        {Texts{"2001:db8::1", "2001:db8::2", "192.0.2.1"},
         Texts{"192.0.2.1", "2001:db8::1", "2001:db8::2"}},
        {Texts{"192.0.2.1", "192.0.2.1"}, Texts{"192.0.2.1"}},
    }));
    Bench bench;
    bench.server.set("a.example", {.addresses = row.recorded});
    const Resolved resolved = bench.resolve("a.example");
    CHECK(texts(resolved) == row.found);
    CHECK(resolved.error.empty());
}

TEST_CASE("a DNS response that is too long for UDP comes by TCP") {
    Bench bench;
    bench.server.set("a.example", {.manner = Manner::too_long, .addresses = {"192.0.2.1"}});
    CHECK(texts(bench.resolve("a.example")) == std::vector<std::string>{"192.0.2.1"});
}

TEST_CASE("a lookup without a result is the name's failure") {
    struct Row {
        std::string host;
        std::chrono::milliseconds first_timeout;
        std::string error;
    };
    const auto row = GENERATE(values<Row>({
        {"unknown.example", forever, "could not resolve host"},
        {"none.example", forever, "could not resolve host"},
        {"silent.example", moment, "could not resolve host: timed out"},
        // How soon the library gives up is its own decision.
        {"garbage.example", moment, "could not resolve host"},
    }));
    Bench bench(row.first_timeout);
    bench.server.set("none.example", {});
    bench.server.set("silent.example", {.manner = Manner::silent});
    bench.server.set("garbage.example",
                     {.manner = Manner::garbage, .addresses = {"192.0.2.1", "2001:db8::1"}});
    const Resolved resolved = bench.resolve(row.host);
    CHECK(resolved.addresses.empty());
    CHECK_THAT(resolved.error, Catch::Matchers::StartsWith(row.error));
    CHECK_FALSE(resolved.is_local_error);
    CHECK_FALSE(bench.resolver->is_busy());
}

TEST_CASE("of many addresses a hundred are kept, and a rejected one cannot hide among them") {
    Bench bench;
    DnsServer::Name many{.manner = Manner::too_long};
    for (int i = 0; i < 250; ++i) {
        many.addresses.push_back("8.8.8." + std::to_string(i));
    }
    many.addresses.push_back("10.0.0.1");
    bench.server.set("many.example", many);
    const Resolved resolved = bench.resolve("many.example");
    CHECK(resolved.error.empty());
    CHECK(resolved.addresses.size() == 101);
    const std::vector<std::string> found = texts(resolved);
    CHECK(std::ranges::find(found, "8.8.8.0") != found.end());
    CHECK(std::ranges::find(found, "10.0.0.1") != found.end());
}

TEST_CASE("a query without a response is repeated") {
    Bench bench(200ms);
    bench.server.set("a.example", {.manner = Manner::silent});
    bench.start("a.example");
    bench.run_until([&] { return bench.server.asked("a.example") > 0; });
    bench.server.set("a.example", {.addresses = {"192.0.2.1"}});
    CHECK(bench.resolve("a.example").addresses.size() == 1);
}

TEST_CASE("without a listening name server, a lookup fails") {
    const std::string nobody = DnsServer().address();
    const std::string port = nobody.substr(nobody.find(':') + 1);
    const auto servers = GENERATE_COPY(
        values<std::vector<std::string>>({{nobody}, {"[::1]:" + port}, {nobody, "[::1]:" + port}}));
    Bench bench;
    bench.resolver = std::make_unique<Resolver>(
        bench.io, ResolverOptions{.dns = {.name_servers = servers, .first_timeout = moment}});
    const Resolved resolved = bench.resolve("a.example");
    CHECK_THAT(resolved.error, Catch::Matchers::StartsWith("could not resolve host"));
    CHECK_FALSE(resolved.is_local_error);
}

TEST_CASE("a name server that does not respond is skipped") {
    Bench bench;
    DnsServer silent;
    silent.set("a.example", {.manner = Manner::silent});
    bench.server.set("a.example", {.addresses = {"192.0.2.1"}});
    bench.resolver = std::make_unique<Resolver>(
        bench.io,
        ResolverOptions{.dns = {.name_servers = {silent.address(), bench.server.address()},
                                .first_timeout = 50ms}});
    CHECK(bench.resolve("a.example").addresses.size() == 1);
    CHECK(silent.asked("a.example") == 1);
}

TEST_CASE("localhost is this machine, and no name server is queried") {
    Bench bench;
    const Resolved resolved = bench.resolve("localhost");
    REQUIRE_FALSE(resolved.addresses.empty());
    CHECK(Network::parse("127.0.0.0/8")->contains(resolved.addresses.front()));
    CHECK(bench.server.hosts().empty());
}

TEST_CASE("a name is absolute, whatever the system's search domains") {
    ::setenv("LOCALDOMAIN", "search.example", 1);
    Bench bench;
    bench.resolve("a.example");
    bench.resolve("single");
    ::unsetenv("LOCALDOMAIN");
    CHECK(bench.server.hosts() == std::vector<std::string>{"a.example", "single"});
}

TEST_CASE("names whose lookup hangs delay neither others nor the end") {
    const std::size_t before = open_descriptors();
    {
        const int count = GENERATE(50, 5'000);
        Bench bench;
        for (int i = 1; i <= count; ++i) {
            bench.server.set(hanging(i), {.manner = Manner::silent});
            bench.start(hanging(i));
            // No more queries at once than the server's socket buffer holds.
            if (i % 50 == 0) bench.run_until([&] { return bench.server.asked(hanging(i)) == 1; });
        }
        bench.server.set("good.example", {.addresses = {"192.0.2.1"}});
        CHECK(bench.resolve("good.example").addresses.size() == 1);
        CHECK(bench.answers.size() == 1);
        // One socket for all of them: only the server's and the loop's own besides.
        CHECK(open_descriptors() <= before + 8);
        bench.resolver.reset();
        bench.io.poll();
        CHECK(bench.answers.size() == 1);
    }
    CHECK(open_descriptors() == before);
}

TEST_CASE("lookups leave no descriptor behind when they have ended") {
    Bench bench;
    bench.resolve("unknown.example");
    bench.run_until_idle();
    const std::size_t before = open_descriptors();
    bench.server.set("a.example", {.manner = Manner::too_long, .addresses = {"192.0.2.1"}});
    bench.resolve("a.example");
    bench.run_until_idle();
    // The server closes its end when it sees this end closed.
    bench.run_until([&] { return open_descriptors() <= before; });
    CHECK(open_descriptors() == before);
}

TEST_CASE("requests for a name whose lookup is in flight share it") {
    Bench bench;
    bench.server.set("a.example", {.addresses = {"192.0.2.1"}});
    int answers = 0;
    std::array<Resolver::LookupHandle, 10> handles;
    for (Resolver::LookupHandle& handle : handles) {
        handle = bench.resolver->resolve("a.example", bench.now, [&](const auto&) { ++answers; });
    }
    CHECK(answers == 0);
    bench.run_until([&] { return answers == 10; });
    CHECK(bench.server.asked("a.example") == 1);
}

TEST_CASE("a waiter that has released its handle is not called") {
    Bench bench;
    bench.server.set("a.example", {.addresses = {"192.0.2.1"}});
    bool was_called = false;
    const auto call = [&](const Resolved&) { was_called = true; };
    Resolver::LookupHandle handle = bench.resolver->resolve("a.example", bench.now, call);
    handle.reset();
    bench.resolve("a.example");
    // Nor if the answer is already cached.
    handle = bench.resolver->resolve("a.example", bench.now, call);
    handle.reset();
    bench.run_until_idle();
    CHECK_FALSE(was_called);
    CHECK(bench.server.asked("a.example") == 1);
}

TEST_CASE("a cached result is not requested again until it expires") {
    struct Row {
        std::string host;
        std::uint32_t ttl;
        std::chrono::seconds kept;
    };
    const auto row = GENERATE(values<Row>({
        {"a.example", 30, 30s},
        {"a.example", 0, 1s},
        {"a.example", 86'400, 60s},
        {"a.example", 0x80000000, 1s},
        {"unknown.example", 0, 2s},
    }));
    CAPTURE(row.host, row.ttl);
    Bench bench;
    bench.server.set("a.example", {.addresses = {"192.0.2.1"}, .ttl = row.ttl});
    const Resolved first = bench.resolve(row.host);
    const SteadyTime asked = bench.now;
    bench.now = asked + row.kept - 1ms;
    CHECK(texts(bench.resolve(row.host)) == texts(first));
    CHECK(bench.server.asked(row.host) == 1);
    // The TTL counts from the answer, which came a little after the query.
    bench.now = SteadyTime::clock::now() + row.kept;
    CHECK(texts(bench.resolve(row.host)) == texts(first));
    CHECK(bench.server.asked(row.host) == 2);
}

TEST_CASE("if more names are used than are cached, the oldest is requested again") {
    Bench bench(forever, {.max_remembered = 2});
    for (const char* host : {"a.example", "b.example", "c.example", "c.example", "a.example"}) {
        bench.resolve(host);
    }
    CHECK(bench.server.asked("a.example") == 2);
    CHECK(bench.server.asked("b.example") == 1);
    CHECK(bench.server.asked("c.example") == 1);
}

TEST_CASE("lookups beyond the limit wait, and start only if still needed") {
    Bench bench(200ms, {.max_in_flight = 1});
    bench.server.set("slow.example", {.manner = Manner::silent});
    bench.server.set("a.example", {.addresses = {"192.0.2.1"}});
    bench.start("slow.example");
    bench.start("unwanted.example");
    bench.start("a.example");
    bench.handles.erase("unwanted.example");
    bench.run_until([&] { return bench.server.asked("slow.example") > 0; });
    CHECK(bench.server.asked("a.example") == 0);
    bench.server.set("slow.example", {});
    bench.run_until_idle();
    CHECK(bench.answers.at("a.example").addresses.size() == 1);
    CHECK(bench.server.asked("unwanted.example") == 0);
}

TEST_CASE("after a minute a new channel with the system's current configuration is used") {
    Bench bench(moment);
    bench.server.set("silent.example", {.manner = Manner::silent});
    bench.server.set("other.example", {.manner = Manner::silent});
    bench.start("silent.example");
    const std::size_t with_one_socket = open_descriptors();
    bench.now += 59s;
    bench.start("unknown.example");
    CHECK(open_descriptors() == with_one_socket);
    bench.now += 1s;
    bench.start("other.example");
    CHECK(open_descriptors() == with_one_socket + 1);
    bench.run_until_idle();
    CHECK(bench.answers.size() == 3);
    CHECK(open_descriptors() == with_one_socket - 1);
}

TEST_CASE("without a descriptor a lookup fails as a local error, and is repeated") {
    Bench bench;
    bench.server.set("a.example", {.addresses = {"192.0.2.1"}});
    Bench().resolve("unknown.example");
    const bool has_channel = GENERATE(false, true);
    if (has_channel) bench.resolve("unknown.example");
    Resolved resolved;
    {
        const testing::NoDescriptors none;
        resolved = bench.resolve("a.example");
    }
    CHECK(resolved.is_local_error);
    CHECK(resolved.error == "could not resolve host: Too many open files");
    CHECK(bench.resolve("a.example").addresses.size() == 1);
}
