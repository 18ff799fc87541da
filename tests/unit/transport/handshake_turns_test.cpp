#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <support/catch.hpp>
#include <thread>
#include <transport/attempt.hpp>
#include <transport/tls.hpp>
#include <vector>

namespace webhooks::transport {
namespace {

using namespace std::chrono_literals;
using Kind = TransportAnswer::Kind;
using Tokens = std::vector<Transport::Token>;

Tokens all_of(HandshakeTurns& turns) {
    Tokens tokens;
    while (const auto token = turns.next())
        tokens.push_back(*token);
    return tokens;
}

/// Accepts connections, by the system alone, and sends nothing.
class SilentServer {
public:
    SilentServer() : listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof address;
        auto* const generic = reinterpret_cast<sockaddr*>(&address);
        REQUIRE(::bind(listener_, generic, size) == 0);
        REQUIRE(::listen(listener_, 8) == 0);
        REQUIRE(::getsockname(listener_, generic, &size) == 0);
        port_ = ntohs(address.sin_port);
    }
    ~SilentServer() { ::close(listener_); }
    SilentServer(const SilentServer&) = delete;
    SilentServer& operator=(const SilentServer&) = delete;

    std::string url() const { return "https://127.0.0.1:" + std::to_string(port_) + "/"; }

private:
    int listener_;
    int port_ = 0;
};

/// One attempt by HTTPS, whose handshake steps the test makes.
class OneAttempt final : private Attempt::Listener {
public:
    OneAttempt() {
        attempt.begin();
        const SteadyTime patience = SteadyTime::clock::now() + 20s;
        while (parts_.handshakes.is_empty() && SteadyTime::clock::now() < patience)
            poller_.poll();
        REQUIRE(parts_.handshakes.next() == 1);
    }

    static constexpr auto time_limit = 15s;
    static constexpr auto connect_limit = 5s;
    std::optional<TransportAnswer> answer;

private:
    void on_ended(Attempt&, TransportAnswer&& given) override { answer = std::move(given); }

    OutgoingRequest request() const {
        const auto policy = std::make_shared<const EndpointPolicy>(
            EndpointPolicy{.allowed_networks = {*Network::parse("127.0.0.0/8")}});
        return {.target = std::make_shared<const Target>(
                    Target{EndpointUrl::parse(server_.url()).value(), {}, policy}),
                .body = std::make_shared<const std::string>("{}"),
                .content_type = "application/json",
                .webhook_id = "msg_1",
                .webhook_timestamp = "1700000000",
                .webhook_signature = "v1,c2lnbmF0dXJl"};
    }

    SilentServer server_;
    boost::asio::io_context io_;
    Poller poller_{io_};
    const HttpTransportOptions options_{.attempt_timeout = time_limit,
                                        .connect_timeout = connect_limit};
    TlsContext tls_ = TlsContext::make({}).value();
    Resolver resolver_{io_, {}};
    TransportMetrics metrics_;
    TransportParts parts_{.options = options_,
                          .poller = poller_,
                          .tls = tls_,
                          .resolver = resolver_,
                          .metrics = metrics_,
                          .usage = Usage::delivery,
                          .targets = PreparedTargets("test"),
                          .idle = {std::make_shared<IdleLimit>(1), 1s},
                          .sessions = ExpiringCache<ResumableSession>(1)};

public:
    const SteadyTime began = SteadyTime::clock::now();
    Attempt attempt{1, request(), began, parts_, *this};
};

}  // namespace

TEST_CASE("handshakes that have begun go first, in their order") {
    HandshakeTurns turns;
    CHECK(turns.is_empty());
    CHECK_FALSE(turns.next());
    turns.clear();
    for (const Transport::Token token : {1, 2})
        turns.add(token, true);
    for (const Transport::Token token : {11, 12})
        turns.add(token, false);
    CHECK_FALSE(turns.is_empty());
    const Tokens order = all_of(turns);
    CHECK(std::vector(order.begin(), order.begin() + 2) == Tokens{11, 12});
    CHECK(std::vector(order.begin() + 2, order.end()) == Tokens{1, 2});
    CHECK(turns.is_empty());
}

TEST_CASE("handshakes that have begun keep no other from beginning") {
    HandshakeTurns turns;
    for (Transport::Token token = 100; token < 200; ++token)
        turns.add(token, false);
    turns.add(1, true);
    turns.add(2, true);
    Tokens first_eight;
    for (int i = 0; i < 8; ++i)
        first_eight.push_back(*turns.next());
    CHECK(first_eight == Tokens{100, 101, 102, 1, 103, 104, 105, 2});
    turns.clear();
    CHECK(turns.is_empty());
}

TEST_CASE("an attempt that gets no turn for its handshake in time is not the endpoint's failure") {
    OneAttempt one;
    // It waits for half of its time, although the limit for connecting is shorter.
    CHECK_FALSE(one.attempt.is_overdue(one.began + OneAttempt::connect_limit + 2s));
    const SteadyTime late = one.began + OneAttempt::time_limit;
    REQUIRE(one.attempt.is_overdue(late));
    one.attempt.on_overdue(late);
    REQUIRE(one.answer);
    CHECK(one.answer->kind == Kind::not_sent);
    CHECK_THAT(one.answer->error, Catch::Matchers::ContainsSubstring("delivery_threads"));
}

TEST_CASE("an attempt whose peer is silent in the handshake is the endpoint's failure") {
    OneAttempt one;
    std::this_thread::sleep_for(20ms);
    one.attempt.continue_handshake();
    CHECK_FALSE(one.answer);
    // The wait for the turn does not count.
    CHECK_FALSE(one.attempt.is_overdue(one.began + OneAttempt::connect_limit + 19ms));
    const SteadyTime late = one.began + OneAttempt::time_limit;
    REQUIRE(one.attempt.is_overdue(late));
    one.attempt.on_overdue(late);
    REQUIRE(one.answer);
    CHECK(one.answer->kind == Kind::failed);
    CHECK(one.answer->error == "TLS handshake timed out");
}

}  // namespace webhooks::transport
