#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <condition_variable>
#include <map>
#include <mutex>
#include <stdexcept>
#include <support/catch.hpp>
#include <transport/client.hpp>
#include <transport/resolver.hpp>

using namespace std::chrono_literals;
using namespace webhooks;
using transport::Resolved;
using transport::Resolver;

namespace {

/// A look-up that comes back when it is let go, and counts how often it was asked. Shared with the
/// look-up's threads, which may outlive the test.
class Gate {
public:
    Resolved look_up(const std::string& host) {
        std::unique_lock lock(mutex_);
        ++asked_[host];
        changed_.notify_all();
        changed_.wait(lock, [&] { return is_open_; });
        return {.addresses = {*IpAddress::parse("127.0.0.1")}};
    }
    void open() {
        const std::scoped_lock lock(mutex_);
        is_open_ = true;
        changed_.notify_all();
    }
    bool wait_until_asked(const std::string& host) {
        std::unique_lock lock(mutex_);
        return changed_.wait_for(lock, 10s, [&] { return asked_[host] > 0; });
    }
    int asked(const std::string& host) {
        const std::scoped_lock lock(mutex_);
        return asked_[host];
    }
    static Resolver::LookUp of(const std::shared_ptr<Gate>& gate) {
        return [gate](const std::string& host) { return gate->look_up(host); };
    }

private:
    std::mutex mutex_;
    std::condition_variable changed_;
    std::map<std::string, int> asked_;
    bool is_open_ = false;
};

/// Calls `deliver` each time the resolver asks for it, until `count` answers were given.
class Loop {
public:
    std::function<void()> notify() {
        return [this] {
            const std::scoped_lock lock(mutex_);
            ++notices_;
            changed_.notify_all();
        };
    }
    void run(Resolver& resolver, const std::function<bool()>& is_done) {
        while (!is_done()) {
            std::unique_lock lock(mutex_);
            if (!changed_.wait_for(lock, 10s, [&] { return notices_ > 0; })) {
                throw std::runtime_error("no notice");
            }
            notices_ = 0;
            lock.unlock();
            resolver.deliver();
        }
    }

private:
    std::mutex mutex_;
    std::condition_variable changed_;
    int notices_ = 0;
};

class Answers final : public Transport::Sink {
public:
    void on_answer(Transport::Token token, TransportAnswer answer) override {
        all.emplace(token, std::move(answer));
    }
    std::map<Transport::Token, TransportAnswer> all;
};

OutgoingRequest request_to(const std::string& url) {
    const EndpointPolicy loopback{.allowed_networks = {*Network::parse("127.0.0.0/8")}};
    return {
        .target = std::make_shared<const Target>(Target{
            EndpointUrl::parse(url).value(), {}, std::make_shared<const EndpointPolicy>(loopback)}),
        .body = std::make_shared<const std::string>("{}"),
        .content_type = "application/json",
        .webhook_id = "id",
        .webhook_timestamp = "1",
        .webhook_signature = "v1,x"};
}

/// A port on which nobody listens, and nobody else can.
class ClosedPort {
public:
    ClosedPort() : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        socklen_t size = sizeof address;
        auto* const generic = reinterpret_cast<sockaddr*>(&address);
        REQUIRE(::bind(socket_, generic, size) == 0);
        REQUIRE(::getsockname(socket_, generic, &size) == 0);
        number_ = ntohs(address.sin_port);
    }
    ~ClosedPort() { ::close(socket_); }
    ClosedPort(const ClosedPort&) = delete;
    ClosedPort& operator=(const ClosedPort&) = delete;

    std::string text() const { return std::to_string(number_); }

private:
    int socket_;
    int number_ = 0;
};

TransportAnswer send(Resolver::LookUp look_up, const std::string& url) {
    auto client = transport::make_client({.attempt_timeout = 300ms, .connect_timeout = 100ms},
                                         std::move(look_up))
                      .value();
    Answers answers;
    client->start(1, request_to(url));
    client->run(SteadyTime::clock::now() + 10s, answers);
    return answers.all.at(1);
}

}  // namespace

TEST_CASE("Requests for a name that is being looked up share one look-up") {
    const auto gate = std::make_shared<Gate>();
    Loop loop;
    Resolver resolver(Gate::of(gate), loop.notify());
    int answers = 0;
    std::vector<Resolver::Ticket> tickets;
    for (int i = 0; i < 10; ++i) {
        tickets.push_back(resolver.resolve("a.example", [&](const Resolved& resolved) {
            answers += static_cast<int>(resolved.addresses.size());
        }));
    }
    gate->open();
    loop.run(resolver, [&] { return answers == 10; });
    CHECK(gate->asked("a.example") == 1);
    // Nothing is remembered: the next one asks again.
    tickets.push_back(resolver.resolve("a.example", [&](const Resolved&) { ++answers; }));
    loop.run(resolver, [&] { return answers == 11; });
    CHECK(gate->asked("a.example") == 2);
}

TEST_CASE("Look-ups that hang delay no other until all threads are taken, and no end") {
    const auto gate = std::make_shared<Gate>();
    Loop loop;
    std::vector<Resolver::Ticket> tickets;
    bool is_answered = false;
    {
        Resolver resolver(
            [gate](const std::string& host) {
                return host == "quick" ? Resolved{.error = "none"} : gate->look_up(host);
            },
            loop.notify());
        for (std::size_t i = 0; i + 1 < Resolver::max_threads; ++i) {
            tickets.push_back(resolver.resolve("slow" + std::to_string(i), [](const auto&) {}));
        }
        tickets.push_back(
            resolver.resolve("quick", [&](const Resolved& r) { is_answered = r.error == "none"; }));
        loop.run(resolver, [&] { return is_answered; });
        // One name too many waits for a thread; nobody wants it any more when one is free.
        tickets.push_back(resolver.resolve("slow", [](const auto&) {}));
        REQUIRE(gate->wait_until_asked("slow"));
        resolver.resolve("unwanted", [](const auto&) {}).reset();
    }
    gate->open();
    CHECK(gate->asked("unwanted") == 0);
}

TEST_CASE("Whoever let go of the ticket is not called") {
    const auto gate = std::make_shared<Gate>();
    Loop loop;
    Resolver resolver(Gate::of(gate), loop.notify());
    bool was_called = false;
    bool is_done = false;
    Resolver::Ticket ticket = resolver.resolve("a", [&](const Resolved&) { was_called = true; });
    const Resolver::Ticket other = resolver.resolve("a", [&](const Resolved&) { is_done = true; });
    REQUIRE(gate->wait_until_asked("a"));
    ticket.reset();
    gate->open();
    loop.run(resolver, [&] { return is_done; });
    CHECK_FALSE(was_called);
}

TEST_CASE("A look-up that throws is a fault of ours") {
    const TransportAnswer answer =
        send([](const std::string&) -> Resolved { throw std::bad_alloc(); }, "http://a.example/");
    CHECK(answer.kind == TransportAnswer::Kind::not_sent);
}

TEST_CASE("An attempt whose look-up hangs ends at the connect timeout") {
    const auto gate = std::make_shared<Gate>();
    const auto began = SteadyTime::clock::now();
    const TransportAnswer answer = send(Gate::of(gate), "http://a.example/");
    CHECK(answer.kind == TransportAnswer::Kind::failed);
    CHECK(answer.error == "could not resolve host: timed out");
    CHECK(SteadyTime::clock::now() - began < 5s);
    gate->open();
}

TEST_CASE("What a look-up says decides about the attempt") {
    struct Row {
        std::vector<const char*> addresses;
        TransportAnswer::Kind kind;
        std::string error;
    };
    const ClosedPort port;
    const auto failed = TransportAnswer::Kind::failed;
    const auto row = GENERATE_COPY(values<Row>({
        {{}, failed, "could not resolve host"},
        // That it is refused shows that it was dialled.
        {{"127.0.0.1"}, failed, "connection refused"},
        {{"127.0.0.1", "127.0.0.2"}, failed, "connection refused"},
        {{"127.0.0.1", "10.0.0.1"}, failed, "address not allowed"},
        {{"169.254.169.254", "127.0.0.1"}, failed, "address not allowed"},
        {{"::ffff:10.0.0.1"}, failed, "address not allowed"},
        {{"::1"}, failed, "address not allowed"},
    }));
    const TransportAnswer answer = send(
        [&](const std::string&) {
            Resolved resolved;
            for (const char* text : row.addresses)
                resolved.addresses.push_back(*IpAddress::parse(text));
            if (row.addresses.empty()) resolved.error = "could not resolve host";
            return resolved;
        },
        "http://a.example:" + port.text() + "/");
    CHECK(answer.kind == row.kind);
    CHECK(answer.error == row.error);
}
