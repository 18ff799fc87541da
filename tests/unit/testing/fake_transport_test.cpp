#include <map>
#include <support/catch.hpp>
#include <thread>
#include <webhooks/testing/fake_transport.hpp>

using namespace webhooks;
using namespace std::chrono_literals;
using Kind = TransportAnswer::Kind;

namespace {

class Answers final : public Transport::Sink {
public:
    void on_answer(Transport::Token token, TransportAnswer answer) override {
        CHECK(of.emplace(token, std::move(answer)).second);
    }

    std::map<Transport::Token, TransportAnswer> of;
};

OutgoingRequest request(const char* id) {
    OutgoingRequest result;
    result.webhook_id = id;
    return result;
}

SteadyTime at_once() {
    return SteadyTime::min();
}
SteadyTime deadline() {
    return std::chrono::steady_clock::now() + 30s;
}

}  // namespace

TEST_CASE("a fake transport answers 200 by default") {
    testing::FakeTransport transport;
    Answers answers;
    transport.start(1, request("a"));
    CHECK(answers.of.empty());
    transport.run(deadline(), answers);
    REQUIRE(answers.of.count(1) == 1);
    CHECK(answers.of[1].kind == Kind::answered);
    CHECK(answers.of[1].status_code == 200);
}

TEST_CASE("a fake transport records its requests, in order") {
    testing::FakeTransport transport;
    transport.start(1, request("a"));
    transport.start(2, request("b"));
    REQUIRE(transport.requests().size() == 2);
    CHECK(transport.requests()[0].webhook_id == "a");
    CHECK(transport.requests()[1].webhook_id == "b");
}

TEST_CASE("a fake transport answers each request by its script") {
    testing::FakeTransport transport;
    Answers answers;
    transport.respond([](const OutgoingRequest& given) -> std::optional<TransportAnswer> {
        if (given.webhook_id == "silent") return {};
        return TransportAnswer{.kind = Kind::failed, .error = given.webhook_id};
    });
    transport.start(1, request("broken"));
    transport.start(2, request("silent"));
    transport.respond_with_status(503);
    transport.start(3, request("busy"));
    transport.run(at_once(), answers);
    CHECK(answers.of.size() == 2);
    CHECK(answers.of[1].kind == Kind::failed);
    CHECK(answers.of[1].error == "broken");
    CHECK(answers.of[3].status_code == 503);
    CHECK(transport.in_flight() == std::vector<Transport::Token>{2});
}

TEST_CASE("a request in flight is answered once, on request") {
    testing::FakeTransport transport;
    Answers answers;
    transport.respond([](const OutgoingRequest&) { return std::nullopt; });
    transport.start(7, request("a"));
    CHECK_FALSE(transport.answer(8, {}));
    CHECK(transport.answer(7, {.kind = Kind::answered, .status_code = 410}));
    CHECK_FALSE(transport.answer(7, {}));
    transport.run(at_once(), answers);
    CHECK(answers.of[7].status_code == 410);
    CHECK(transport.in_flight().empty());
}

TEST_CASE("cancelling answers not_sent to all requests in flight") {
    testing::FakeTransport transport;
    Answers answers;
    transport.respond([](const OutgoingRequest&) { return std::nullopt; });
    transport.start(1, request("a"));
    transport.start(2, request("b"));
    transport.cancel_all();
    transport.run(deadline(), answers);
    REQUIRE(answers.of.size() == 2);
    CHECK(answers.of[1].kind == Kind::not_sent);
    CHECK(answers.of[2].kind == Kind::not_sent);
    CHECK(transport.in_flight().empty());
}

TEST_CASE("a run with nothing to do ends at its time") {
    testing::FakeTransport transport;
    Answers answers;
    transport.run(at_once(), answers);
    transport.run(std::chrono::steady_clock::now() + 1ms, answers);
    CHECK(answers.of.empty());
}

TEST_CASE("waking ends the next run, once, and a running one") {
    testing::FakeTransport transport;
    Answers answers;
    transport.wake();
    const SteadyTime end = deadline();
    transport.run(end, answers);
    std::thread other([&] { transport.wake(); });
    transport.run(end, answers);
    other.join();
    CHECK(std::chrono::steady_clock::now() < end);
}

TEST_CASE("a sink may start the next request") {
    class Chain final : public Transport::Sink {
    public:
        explicit Chain(Transport& transport) : transport_(transport) {}
        void on_answer(Transport::Token token, TransportAnswer) override {
            last = token;
            if (token < 3) transport_.start(token + 1, request("next"));
        }
        Transport::Token last = 0;

    private:
        Transport& transport_;
    };
    testing::FakeTransport transport;
    Chain chain(transport);
    transport.start(1, request("first"));
    for (int i = 0; i < 3; ++i) {
        transport.run(deadline(), chain);
    }
    CHECK(chain.last == 3);
}

TEST_CASE("answers take time by the clock of a test") {
    const auto clock = std::make_shared<testing::ManualClock>();
    testing::FakeTransport transport(clock);
    Answers answers;
    transport.answer_after(
        [](const OutgoingRequest& given) { return given.webhook_id == "slow" ? 10h : 1h; });
    const SteadyTime began = clock->steady_now();
    transport.start(1, request("slow"));
    transport.start(2, request("quick"));
    CHECK(transport.next_wake() == began + 1h);
    CHECK(transport.in_flight().size() == 2);
    transport.run(began, answers);
    CHECK(answers.of.empty());

    clock->advance(1h);
    transport.run(began, answers);
    CHECK(answers.of.count(2) == 1);
    CHECK(answers.of.count(1) == 0);

    SECTION("a run lets time pass until the next answer") {
        transport.run(began + 20h, answers);
        CHECK(answers.of.count(1) == 1);
        CHECK(clock->steady_now() == began + 10h);
    }
    SECTION("or until its end") {
        transport.run(began + 2h, answers);
        CHECK(answers.of.count(1) == 0);
        CHECK(clock->steady_now() == began + 2h);
    }
    SECTION("what takes time can be answered or cancelled before") {
        transport.start(3, request("slow"));
        CHECK(transport.answer(3, {.kind = Kind::answered, .status_code = 410}));
        transport.cancel_all();
        transport.run(at_once(), answers);
        CHECK(answers.of[3].status_code == 410);
        CHECK(answers.of[1].kind == Kind::not_sent);
        CHECK(transport.next_wake() == SteadyTime::max());
    }
}
