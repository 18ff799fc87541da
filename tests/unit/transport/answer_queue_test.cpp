#include <poll.h>
#include <stdexcept>
#include <support/catch.hpp>
#include <thread>
#include <transport/answer_queue.hpp>

namespace webhooks::transport {
namespace {

using namespace std::chrono_literals;

bool is_readable(const AnswerQueue& queue) {
    pollfd waited{.fd = queue.handle(), .events = POLLIN, .revents = 0};
    return ::poll(&waited, 1, 0) == 1;
}

std::vector<Answered> answers_to(std::initializer_list<Transport::Token> tokens) {
    std::vector<Answered> answers;
    for (const Transport::Token token : tokens)
        answers.emplace_back(token, TransportAnswer{.status_code = static_cast<int>(200 + token)});
    return answers;
}

}  // namespace

TEST_CASE("a queue of answers returns them in their order, each once") {
    AnswerQueue queue;
    std::vector<Answered> taken = answers_to({9});
    CHECK_FALSE(queue.take(taken));
    CHECK(taken.empty());
    CHECK(queue.is_empty());

    std::vector<Answered> first = answers_to({1, 2});
    std::vector<Answered> second = answers_to({3});
    queue.put(first);
    queue.put(second);
    CHECK(first.empty());
    CHECK(second.empty());
    CHECK_FALSE(queue.is_empty());
    queue.take(taken);
    REQUIRE(taken.size() == 3);
    for (Transport::Token i = 0; i < 3; ++i) {
        CHECK(taken[i].first == i + 1);
        CHECK(taken[i].second.status_code == static_cast<int>(201 + i));
    }
    queue.take(taken);
    CHECK(taken.empty());
}

TEST_CASE("the descriptor of a queue of answers is readable while there is something to take") {
    AnswerQueue queue;
    std::vector<Answered> taken;
    CHECK_FALSE(is_readable(queue));
    for (int round = 0; round < 2; ++round) {
        std::vector<Answered> answers = answers_to({1});
        queue.put(answers);
        CHECK(is_readable(queue));
        queue.wake();
        CHECK(queue.take(taken));
        CHECK_FALSE(is_readable(queue));
        CHECK_FALSE(queue.take(taken));
    }
    queue.put(taken);
    CHECK_FALSE(is_readable(queue));
}

TEST_CASE("the wait for answers ends at its time, and when there is something to take") {
    AnswerQueue queue;
    queue.wait(SteadyTime::min());
    queue.wait(SteadyTime::clock::now() + 1ms);
    std::thread other([&queue] { queue.wake(); });
    queue.wait(SteadyTime::max());
    other.join();
    queue.wait(SteadyTime::max());
    std::vector<Answered> taken;
    CHECK(queue.take(taken));
}

TEST_CASE("the exception of a thread is thrown once to the one that takes answers") {
    AnswerQueue queue;
    std::vector<Answered> taken;
    const auto failure = std::make_exception_ptr(std::runtime_error("no memory"));
    queue.fail(failure);
    CHECK_FALSE(queue.is_empty());
    CHECK(is_readable(queue));
    CHECK_THROWS_AS(queue.take(taken), std::runtime_error);
    CHECK_FALSE(queue.take(taken));

    queue.fail(failure);
    queue.forget_failure();
    CHECK_FALSE(queue.take(taken));
}

}  // namespace webhooks::transport
