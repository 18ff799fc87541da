#include <service/result_queue.hpp>
#include <support/catch.hpp>

namespace webhooks::service {
namespace {

delivery::Results with_findings(std::size_t count, int id = 1) {
    delivery::Results results;
    results.batch.states.resize(count, {.subscription = {id}});
    return results;
}

}  // namespace

TEST_CASE("a transaction gets all results that wait, up to a number of findings") {
    ResultQueue queue;
    queue.push(with_findings(20, 1));
    queue.push(with_findings(ResultQueue::max_findings - 20, 2));
    queue.push(with_findings(1, 3));
    delivery::Results plain;
    plain.batch.attempts.resize(1000);
    queue.push(std::move(plain));
    CHECK(queue.size() == ResultQueue::max_findings + 1001);
    CHECK(queue.attempts() == 1000);

    delivery::Results first;
    queue.take(first);
    CHECK(first.findings() == ResultQueue::max_findings);
    CHECK(first.batch.states.front().subscription == SubscriptionId{1});
    CHECK(first.batch.states.back().subscription == SubscriptionId{2});
    CHECK(first.batch.attempts.empty());

    delivery::Results second;
    queue.take(second);
    CHECK(second.findings() == 1);
    CHECK(second.batch.attempts.size() == 1000);
    CHECK(queue.empty());
    CHECK(queue.size() == 0);
}

TEST_CASE("each event without attempts left is a finding") {
    delivery::Results results;
    results.batch.attempts.resize(ResultQueue::max_findings);
    results.exhausted = ResultQueue::max_findings;
    ResultQueue queue;
    queue.push(std::move(results));
    queue.push(with_findings(1));
    delivery::Results taken;
    queue.take(taken);
    CHECK(taken.batch.attempts.size() == ResultQueue::max_findings);
    CHECK(taken.findings() == ResultQueue::max_findings);
}

TEST_CASE("results that could not be written go first, alone if they have many findings") {
    ResultQueue queue;
    queue.push(with_findings(10));
    delivery::Results unwritten = with_findings(ResultQueue::max_findings);
    queue.take(unwritten);
    CHECK(unwritten.findings() == ResultQueue::max_findings);
    CHECK(queue.size() == 10);
}

TEST_CASE("results with more findings than a transaction should have are taken as they are") {
    ResultQueue queue;
    queue.push(with_findings(ResultQueue::max_findings + 5));
    queue.push(with_findings(1));
    delivery::Results taken;
    queue.take(taken);
    CHECK(taken.findings() == ResultQueue::max_findings + 5);
}

}  // namespace webhooks::service
