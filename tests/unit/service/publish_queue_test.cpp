#include <service/publish_queue.hpp>
#include <support/catch.hpp>
#include <vector>

namespace webhooks::service {
namespace {

Submission submission(std::vector<std::string> payloads) {
    Submission made;
    for (std::string& payload : payloads) {
        made.publications.push_back(
            {.message = std::make_shared<Message>(
                 Message{.event_type = "order.created",
                         .content_type = "application/json",
                         .payload = std::make_shared<const std::string>(std::move(payload))})});
    }
    return made;
}

Result<> push(PublishQueue& queue, std::vector<std::string> payloads) {
    Submission made = submission(std::move(payloads));
    return queue.push(made);
}

std::vector<std::size_t> sizes(const std::vector<Submission>& submissions) {
    std::vector<std::size_t> counts;
    for (const Submission& each : submissions) {
        counts.push_back(each.publications.size());
    }
    return counts;
}

}  // namespace

TEST_CASE("the publish queue is bounded by publications and by their bytes") {
    const ServiceOptions options{.max_payload_bytes_in_memory = 10, .max_publish_queue = 3};
    const delivery::MemoryBudget budget(options);
    PublishQueue queue(options, budget);
    CHECK(push(queue, {"12", "12"}));
    CHECK(push(queue, {"1", "1"}).error() == Errc::overloaded);
    CHECK(push(queue, {"1234567"}).error() == Errc::overloaded);
    CHECK(push(queue, {"123456"}));
    CHECK(push(queue, {""}).error() == Errc::overloaded);
    REQUIRE(queue.take_one());
    CHECK(push(queue, {"1", "123"}));
    CHECK(queue.size() == 2);
}

TEST_CASE("a submission that finds no room in the publish queue is unchanged") {
    const ServiceOptions options{.max_publish_queue = 1};
    const delivery::MemoryBudget budget(options);
    PublishQueue queue(options, budget);
    Submission two = submission({"a", "b"});
    REQUIRE_FALSE(queue.push(two));
    CHECK(two.publications.size() == 2);
    CHECK(queue.empty());
}

TEST_CASE("a batch takes whole submissions in order, up to its limit and at least one") {
    const ServiceOptions options{.max_batch = 3};
    const delivery::MemoryBudget budget(options);
    PublishQueue queue(options, budget);
    for (const std::size_t count : {2, 1, 1, 5, 1}) {
        REQUIRE(push(queue, std::vector<std::string>(count, "x")));
    }
    const auto take = [&] {
        std::vector<Submission> taken;
        queue.take_batch(taken);
        return sizes(taken);
    };
    CHECK(take() == std::vector<std::size_t>{2, 1});
    CHECK(take() == std::vector<std::size_t>{1});
    CHECK(take() == std::vector<std::size_t>{5});
    CHECK(take() == std::vector<std::size_t>{1});
    CHECK(take().empty());
}

TEST_CASE("a batch takes all slow submissions, and others up to its limit") {
    const ServiceOptions options{.max_batch = 2};
    const delivery::MemoryBudget budget(options);
    PublishQueue queue(options, budget);
    REQUIRE(push(queue, {"c", "c"}));
    REQUIRE(push(queue, {"d"}));
    for (const char* payload : {"b", "a"}) {
        Submission slow = submission(std::vector<std::string>(3, payload));
        slow.is_slow = true;
        queue.put_back(slow);
    }
    std::vector<Submission> taken;
    queue.take_batch(taken);
    CHECK(sizes(taken) == std::vector<std::size_t>{3, 3, 2});
    CHECK(*taken.front().publications.front().message->payload == "a");
    CHECK(queue.size() == 1);
}

TEST_CASE("a submission that is put back is the first again, whatever the limits") {
    const ServiceOptions options{.max_publish_queue = 2};
    const delivery::MemoryBudget budget(options);
    PublishQueue queue(options, budget);
    REQUIRE(push(queue, {"a"}));
    Submission first = *queue.take_one();
    REQUIRE(push(queue, {"b", "c"}));
    queue.put_back(first);
    CHECK(push(queue, {"d"}).error() == Errc::overloaded);
    CHECK(*queue.take_one()->publications.front().message->payload == "a");
    CHECK(*queue.take_one()->publications.front().message->payload == "b");
    CHECK_FALSE(queue.take_one());
    CHECK(push(queue, {"d", "e"}));
}

}  // namespace webhooks::service
