#include <map>
#include <new>
#include <support/catch.hpp>
#include <transport/client.hpp>
#include <transport/make_transport.hpp>
#include <unit/allocations.hpp>

namespace webhooks::transport {
namespace {

using namespace std::chrono_literals;
using Kind = TransportAnswer::Kind;

struct Answers final : Transport::Sink {
    void on_answer(Transport::Token token, TransportAnswer answer) override {
        CHECK(all.emplace(token, std::move(answer)).second);
    }
    std::map<Transport::Token, TransportAnswer> all;
};

/// To a port that this machine uses for nothing.
OutgoingRequest refused_request() {
    const auto policy = std::make_shared<const EndpointPolicy>(
        EndpointPolicy{.allowed_networks = {*Network::parse("127.0.0.0/8")}});
    return {.target = std::make_shared<const Target>(
                Target{EndpointUrl::parse("http://127.0.0.1:20009/").value(), {}, policy}),
            .body = std::make_shared<const std::string>("{}"),
            .content_type = "application/json",
            .webhook_id = "msg_1",
            .webhook_timestamp = "1700000000",
            .webhook_signature = "v1,c2lnbmF0dXJl"};
}

void run_until(Transport& transport, Answers& answers, std::size_t count) {
    const SteadyTime patience = SteadyTime::clock::now() + 20s;
    while (answers.all.size() < count && SteadyTime::clock::now() < patience)
        transport.run(patience, answers);
    REQUIRE(answers.all.size() == count);
}

}  // namespace

TEST_CASE("the time limits of an attempt begin when it was started, not when a thread begins it") {
    HttpTransport transport({}, TlsContext::make({}).value(), Usage::delivery,
                            std::make_shared<IdleLimit>(1));
    Answers answers;
    const SteadyTime long_ago = SteadyTime::clock::now() - 1h;
    transport.start(1, refused_request(), long_ago);
    run_until(transport, answers, 1);
    CHECK(answers.all.at(1).kind == Kind::failed);
    CHECK(answers.all.at(1).error == "connection timed out");
}

#ifndef __SANITIZE_ADDRESS__

TEST_CASE("what a delivery thread throws reaches the caller of run, who can go on after it") {
    const auto transport = make_transport({.delivery_threads = 2}, Usage::delivery).value();
    Answers answers;
    transport->start(1, refused_request());
    run_until(*transport, answers, 1);
    {
        const testing::ShortageElsewhere shortage;
        transport->start(2, refused_request());
        CHECK_THROWS_AS(transport->run(SteadyTime::clock::now() + 20s, answers), std::bad_alloc);
    }
    transport->cancel_all();
    transport->run(SteadyTime::min(), answers);
    transport->start(3, refused_request());
    const std::size_t before = answers.all.size();
    run_until(*transport, answers, before + 1);
    CHECK(answers.all.at(3).kind == Kind::failed);
}

#endif

}  // namespace webhooks::transport
