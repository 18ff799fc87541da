#include <unit/service/fixture.hpp>
#include <webhooks/testing/seeded_random.hpp>

namespace webhooks::testing {
namespace {

using namespace std::chrono_literals;

/// All that chance decides in a service and its storage: secrets, tags, pauses before retries.
std::vector<std::string> chances_of(std::uint64_t seed) {
    ServiceFixture fixture;
    fixture.running.reset();
    const auto random = std::make_shared<SeededRandom>(seed);
    fixture.storage = make_memory_storage(fixture.clock, 5s, random);
    fixture.options.retry_jitter = 0.5;
    fixture.running.emplace(WebhookService::open({.storage = fixture.storage,
                                                  .transport = fixture.transport,
                                                  .clock = fixture.clock,
                                                  .random = random},
                                                 fixture.options)
                                .value());
    fixture.service().register_event_type({.name = "order.created", .description = ""}).value();
    const Subscription subscription = fixture.subscribe();
    fixture.transport->respond_with_status(500);
    const EventId event = fixture.publish();
    fixture.settle();
    const auto waiting = fixture.event(subscription.id, event).next_retry_at.value();
    return {std::string(subscription.secret.reveal()),
            fixture.transport->requests().front().webhook_id,
            std::to_string(waiting.time_since_epoch().count())};
}

}  // namespace

TEST_CASE("a seed decides secrets, tags and jitter") {
    const std::vector<std::string> first = chances_of(1);
    CHECK(first == chances_of(1));
    const std::vector<std::string> other = chances_of(2);
    for (std::size_t i = 0; i < first.size(); ++i) {
        CHECK(first[i] != other[i]);
    }
}

TEST_CASE_METHOD(ServiceFixture, "an abandoned service hands nothing back, as after a crash") {
    subscribe();
    transport->respond([](const OutgoingRequest&) { return std::nullopt; });
    publish();
    settle();
    REQUIRE(transport->in_flight().size() == 1);

    CHECK(service().abandon());
    CHECK(transport->in_flight().empty());
    CHECK(service().run_once().error() == Errc::stopped);
    CHECK(service().stop(1s));
    transport->respond_with_status(200);
    open();
    settle();
    CHECK(transport->requests().size() == 1);

    // Its lease expires, and the new service must have held its own for as long.
    for (int i = 0; i < 15; ++i)
        advance(1s);
    REQUIRE(transport->requests().size() == 2);
    CHECK(transport->requests()[1].webhook_id == transport->requests()[0].webhook_id);
}

TEST_CASE_METHOD(ServiceFixture, "abandoning answers what waits to be published") {
    subscribe();
    std::optional<Errc> answer;
    service().async_publish(alice, {.event_type = "order.created", .payload = "{}"},
                            [&](const Result<PublishReceipt>& receipt) {
                                CHECK_FALSE(receipt);
                                if (receipt.error() == Errc::unavailable) {
                                    answer = Errc::unavailable;
                                }
                            });
    CHECK(service().abandon());
    CHECK(answer == Errc::unavailable);
}

TEST_CASE("abandoning ends the threads of a service") {
    ServiceFixture fixture;
    fixture.service().start().value();
    CHECK(fixture.service().abandon());
    CHECK(fixture.service().check_ready().error() == Errc::stopped);
}

TEST_CASE_METHOD(ServiceFixture, "stopping waits by the transport's clock") {
    transport = std::make_shared<FakeTransport>(clock);
    transport->answer_after([](const OutgoingRequest&) { return 3s; });
    open();
    const Subscription subscription = subscribe();
    const EventId event = publish();
    settle();
    const SteadyTime began = clock->steady_now();

    service().stop(1h).value();
    CHECK(clock->steady_now() - began == 3s);
    open();
    CHECK(this->event(subscription.id, event).is_success);
}

}  // namespace webhooks::testing
