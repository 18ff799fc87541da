#pragma once

/// @file
/// The contract of `Transport` as tests, which a host's own Catch2 program (version 2 or 3) runs on
/// its own transport: derive a class from `TransportUnderTest`, and name it in
/// `WEBHOOKS_TRANSPORT_CONTRACT(Mine);`. Link `webhooks::testing` and Catch2.

#include <atomic>
#include <chrono>
#include <cstddef>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>
#include <webhooks/testing/contract.hpp>
#include <webhooks/transport.hpp>

namespace webhooks::testing {

/// Supplied by a host to have its transport tested: each test creates one of these, together with
/// the endpoints of its requests.
class TransportUnderTest {
public:
    virtual ~TransportUnderTest() = default;

    /// A new transport. Called once; this object outlives the transport. Its deadline for an
    /// attempt should be a second or less, because tests wait for it.
    virtual std::shared_ptr<Transport> make() = 0;
    /// A request that its endpoint answers soon, with this status: 200-599.
    virtual OutgoingRequest answered_with(int status_code) = 0;
    /// A request that its endpoint accepts but never answers.
    virtual OutgoingRequest unanswered() = 0;
    /// A request that fails soon, for example because the connection is refused.
    virtual OutgoingRequest failing() = 0;
    /// Whether attempts end at a deadline. Only a test double may have none.
    virtual bool has_deadline() const { return true; }
};

namespace transport_contract {
namespace {

using namespace std::chrono_literals;
using Kind = TransportAnswer::Kind;
using Token = Transport::Token;

inline std::vector<ContractTest<TransportUnderTest>>& contract_tests() {
    static std::vector<ContractTest<TransportUnderTest>> tests;
    return tests;
}

/// A transport, its caller, and the received answers.
class Fixture : private Transport::Sink {
public:
    explicit Fixture(TransportUnderTest& under_test)
        : given(under_test), transport(under_test.make()) {}
    virtual ~Fixture() = default;

    Token start(OutgoingRequest request) {
        transport->start(++last_token_, std::move(request));
        return last_token_;
    }

    void run(SteadyTime until) { transport->run(until, *this); }
    void run_for(std::chrono::milliseconds time) { run(SteadyTime::clock::now() + time); }

    /// Runs until there are this many answers in total.
    void run_until(std::size_t count) {
        const SteadyTime end = SteadyTime::clock::now() + time_limit;
        while (answers.size() < count) {
            if (SteadyTime::clock::now() > end) throw std::runtime_error("no answer came");
            run(end);
        }
    }

    const TransportAnswer& answer_to(OutgoingRequest request) {
        const Token token = start(std::move(request));
        run_until(answers.size() + 1);
        return answers.at(token);
    }

    /// More than a test takes on a busy machine.
    static constexpr auto time_limit = 30s;

    TransportUnderTest& given;
    std::shared_ptr<Transport> transport;
    std::map<Token, TransportAnswer> answers;
    /// Started on the next answer.
    std::vector<OutgoingRequest> follow_ups;

private:
    void on_answer(Token token, TransportAnswer answer) override {
        const bool is_first = answers.emplace(token, std::move(answer)).second;
        CHECK(is_first);
        for (OutgoingRequest& request : std::exchange(follow_ups, {})) {
            start(std::move(request));
        }
    }

    Token last_token_ = 0;
};

#define TRANSPORT_TEST(name) WEBHOOKS_CONTRACT_TEST(TransportUnderTest, Fixture, name)

TRANSPORT_TEST("a response with any status is an answer") {
    for (const int status : {200, 204, 299, 302, 404, 410, 429, 500, 503, 599}) {
        CAPTURE(status);
        const TransportAnswer& answer = answer_to(given.answered_with(status));
        CHECK(answer.kind == Kind::answered);
        CHECK(answer.status_code == status);
        CHECK(answer.error.empty());
    }
}

TRANSPORT_TEST("an attempt that fails says why, and has no status") {
    const TransportAnswer& answer = answer_to(given.failing());
    CHECK(answer.kind == Kind::failed);
    CHECK(answer.status_code == 0);
    CHECK_FALSE(answer.error.empty());
}

TRANSPORT_TEST("answers are delivered only inside run, each once") {
    const Token first = start(given.answered_with(200));
    const Token second = start(given.failing());
    CHECK(answers.empty());
    run_until(2);
    CHECK(answers.contains(first));
    CHECK(answers.contains(second));
    // A second answer to one of them would be detected.
    run_for(20ms);
    run(SteadyTime::min());
    CHECK(answers.size() == 2);
}

TRANSPORT_TEST("concurrent attempts each get their own answer") {
    std::map<Token, int> expected;
    for (int i = 0; i < 24; ++i) {
        const int status = 400 + i;
        expected.emplace(start(given.answered_with(status)), status);
    }
    run_until(expected.size());
    for (const auto& [token, status] : expected) {
        CAPTURE(token);
        CHECK(answers.at(token).kind == Kind::answered);
        CHECK(answers.at(token).status_code == status);
    }
}

TRANSPORT_TEST("a transport that signs calls the signer of each request once") {
    if (!transport->signs()) return;
    struct CountingSigner final : RequestSigner {
        Result<std::string> sign(const OutgoingRequest&) override {
            ++calls;
            return std::string("v1,c2lnbmF0dXJl");
        }
        std::atomic<int> calls = 0;
    };
    const auto signer = std::make_shared<CountingSigner>();
    for (int i = 0; i < 3; ++i) {
        OutgoingRequest request = given.answered_with(200);
        request.webhook_signature.clear();
        request.signer = signer;
        start(std::move(request));
    }
    run_until(3);
    CHECK(signer->calls == 3);
}

TRANSPORT_TEST("an attempt without a response does not delay others") {
    const Token unanswered = start(given.unanswered());
    CHECK(answer_to(given.answered_with(200)).kind == Kind::answered);
    CHECK(answer_to(given.failing()).kind == Kind::failed);
    CHECK_FALSE(answers.contains(unanswered));
    transport->cancel_all();
    run_until(3);
}

TRANSPORT_TEST("an attempt without a response fails when its deadline has passed") {
    if (!given.has_deadline()) return;
    const TransportAnswer& answer = answer_to(given.unanswered());
    CHECK(answer.kind == Kind::failed);
    CHECK(answer.status_code == 0);
    CHECK_FALSE(answer.error.empty());
}

TRANSPORT_TEST("cancelled attempts are answered once, as not sent, by the next run") {
    start(given.unanswered());
    start(given.unanswered());
    run(SteadyTime::min());
    CHECK(answers.empty());
    transport->cancel_all();
    CHECK(answers.empty());
    run(SteadyTime::min());
    REQUIRE(answers.size() == 2);
    for (const auto& [token, answer] : answers) {
        CAPTURE(token);
        CHECK(answer.kind == Kind::not_sent);
        CHECK(answer.status_code == 0);
        CHECK_FALSE(answer.error.empty());
    }
    transport->cancel_all();
    run(SteadyTime::min());
    CHECK(answers.size() == 2);
}

TRANSPORT_TEST("after a cancellation attempts are made as before") {
    start(given.unanswered());
    transport->cancel_all();
    run_until(1);
    CHECK(answer_to(given.answered_with(204)).status_code == 204);
}

TRANSPORT_TEST("the receiver of an answer may start the next attempts") {
    follow_ups = {given.answered_with(201), given.answered_with(202)};
    start(given.answered_with(200));
    run_until(3);
    CHECK(answers.at(1).status_code == 200);
    CHECK(answers.at(2).status_code == 201);
    CHECK(answers.at(3).status_code == 202);
}

TRANSPORT_TEST("a token may be used again once it was answered") {
    transport->start(7, given.answered_with(200));
    run_until(1);
    CHECK(answers.at(7).status_code == 200);
    answers.clear();
    transport->start(7, given.answered_with(500));
    run_until(1);
    CHECK(answers.at(7).status_code == 500);
}

TRANSPORT_TEST("run returns at its time, with or without attempts in flight") {
    run(SteadyTime::min());
    run_for(10ms);
    start(given.unanswered());
    run(SteadyTime::min());
    run_for(10ms);
    CHECK(answers.empty());
}

TRANSPORT_TEST("wake ends the next run, or one that waits") {
    const SteadyTime end = SteadyTime::clock::now() + time_limit;
    transport->wake();
    run(end);
    std::thread other([this] { transport->wake(); });
    run(end);
    other.join();
    CHECK(SteadyTime::clock::now() < end);
    CHECK(answers.empty());
}

TRANSPORT_TEST("a transport can be destroyed with attempts in flight, and answers nothing then") {
    start(given.unanswered());
    run_for(10ms);
    start(given.answered_with(200));
    transport.reset();
    CHECK(answers.empty());
}

#undef TRANSPORT_TEST

}  // namespace
}  // namespace transport_contract
}  // namespace webhooks::testing

/// Registers every test of the contract for a transport, as "TEST - GIVEN".
/// @param given a class derived from `webhooks::testing::TransportUnderTest` that is made without
/// arguments.
/// @param ... tags of the tests, as "[slow]"; they have "[contract]" in any case.
#define WEBHOOKS_TRANSPORT_CONTRACT(given, ...)                                                 \
    static const webhooks::testing::ContractRegistration<given,                                 \
                                                         webhooks::testing::TransportUnderTest> \
    WEBHOOKS_CONTRACT_NAME(transport_contract_registration_, __COUNTER__)(                      \
        webhooks::testing::transport_contract::contract_tests(), #given, "[contract]" __VA_ARGS__)
