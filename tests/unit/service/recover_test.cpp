#include <unit/service/resend_fixture.hpp>

namespace webhooks::testing {

TEST_CASE_METHOD(ResendFixture, "recover resends what failed since a time, and nothing else") {
    const EventId old = fail();
    advance(1h);
    const Time since = clock->now();
    const EventId failed = fail();
    transport->respond_with_status(200);
    publish();
    service()
        .publish(alice,
                 {.event_type = "order.created", .payload = "{}", .deliver_at = clock->now() + 1h})
        .value();
    settle();
    REQUIRE(transport->requests().size() == 3);

    CHECK(recover(since) == 1);
    settle();
    CHECK(transport->requests().size() == 4);
    CHECK(history(failed).event.is_success);
    CHECK_FALSE(history(old).event.is_success);
    CHECK(recover(since) == 0);
    CHECK(recover() == 1);
}

TEST_CASE_METHOD(ResendFixture, "recover includes events that wait for a retry or were cancelled") {
    change({.max_retry_count = 9});
    const EventId waiting = fail();
    change({.is_active = false});
    advance(5s);
    CHECK(history(waiting).attempts.back().outcome == Outcome::cancelled);
    change({.is_active = true});
    const EventId retried = fail();
    transport->respond_with_status(200);
    CHECK(recover() == 2);
    settle();
    CHECK(history(waiting).event.is_success);
    CHECK(history(retried).event.is_success);
}

TEST_CASE_METHOD(ResendFixture, "recover continues past the size of its batches") {
    // All but the first are cancelled while the subscription is inactive.
    transport->respond([](const OutgoingRequest&) { return std::nullopt; });
    constexpr std::size_t count = 2500;
    for (std::size_t i = 0; i < count; ++i) {
        service().async_publish(alice, {.event_type = "order.created", .payload = "{}"},
                                [](const Result<PublishReceipt>&) {});
    }
    settle();
    REQUIRE(transport->requests().size() == 1);
    service().update_subscription(alice, subscription.id, {.is_active = false}).value();
    transport->answer(transport->in_flight().front(),
                      {.kind = TransportAnswer::Kind::answered, .status_code = 500});
    settle();
    service().update_subscription(alice, subscription.id, {.is_active = true}).value();
    transport->respond_with_status(200);
    CHECK(recover() == count);
    settle();
    CHECK(transport->requests().size() == 1 + count);
    CHECK(recover() == 0);
}

}  // namespace webhooks::testing
