#include <unit/service/resend_fixture.hpp>

namespace webhooks::testing {

TEST_CASE_METHOD(ResendFixture, "statistics count what was sent, failed and waits") {
    CHECK(service().statistics(alice, subscription.id).value().attempts == 0);
    change({.max_retry_count = 9});
    publish();
    settle();
    fail();
    const DeliveryStatistics found = service().statistics(alice, subscription.id).value();
    CHECK(found.attempts == 2);
    CHECK(found.successes == 1);
    CHECK(found.waiting == 1);
    CHECK(found.last_failure == clock->now());
}

TEST_CASE_METHOD(ResendFixture, "statistics show no pause that is over") {
    transport->respond([](const OutgoingRequest&) {
        return TransportAnswer{.kind = TransportAnswer::Kind::answered, .status_code = 503};
    });
    publish();
    settle();
    CHECK(service().statistics(alice, subscription.id).value().paused_until ==
          clock->now() + options.breaker_pause);
    advance(options.breaker_pause);
    CHECK_FALSE(service().statistics(alice, subscription.id).value().paused_until);
}

}  // namespace webhooks::testing
