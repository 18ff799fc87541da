#include <service/recent_rates.hpp>
#include <webhooks/testing/faulty_storage.hpp>

#include "fixture.hpp"

using namespace webhooks;
using namespace webhooks::testing;
using namespace std::chrono_literals;

TEST_CASE("rates are means of the last minute") {
    service::RecentRates rates;
    SteadyTime now(1000s);
    CHECK(rates.per_second(now) == Rates{});
    rates.add({.published = 30, .failed = 6}, now);
    rates.add({.published = 30}, now + 9s);
    CHECK(rates.per_second(now + 9s) == Rates{.published = 1, .failed = 0.1});
    rates.add({.published = 60}, now + 30s);
    CHECK(rates.per_second(now + 59s).published == 2);
    CHECK(rates.per_second(now + 60s).published == 1);
    CHECK(rates.per_second(now + 90s) == Rates{});
}

TEST_CASE_METHOD(ServiceFixture, "an overview shows what a worker has, and is kept for 2 s") {
    CHECK(service().overview(alice).error() == Errc::forbidden);
    CHECK(service().users(alice).error() == Errc::forbidden);
    CHECK(service().users(admin, {}, 0).error() == Errc::invalid_argument);
    subscribe();
    publish();
    settle();
    advance(10s);
    const Overview overview = service().overview(admin).value();
    CHECK(overview.users == 1);
    REQUIRE(overview.workers.size() == 1);
    REQUIRE(overview.workers.front().report);
    const WorkerReport& report = *overview.workers.front().report;
    CHECK(report.version == WEBHOOKS_VERSION);
    CHECK_FALSE(report.host.empty());
    CHECK(report.per_second.published == 1.0 / 60);
    CHECK(report.per_second.delivered == 1.0 / 60);
    subscribe(bob);
    CHECK(service().overview(admin).value().users == 1);
    clock->advance(2s);
    CHECK(service().overview(admin).value().users == 2);
    CHECK(service().users(admin, "alice").value().front().user_id == "bob");
}

TEST_CASE_METHOD(ServiceFixture, "an idle service stops writing reports") {
    auto faulty = std::make_shared<FaultyStorage>(storage);
    storage = faulty;
    running.reset();
    open();
    subscribe();
    publish();
    settle();
    for (int i = 0; i < 12; ++i)
        advance(10s);
    const std::size_t writes = faulty->calls(ForwardingStorage::Call::write);
    for (int i = 0; i < 12; ++i)
        advance(10s);
    CHECK(faulty->calls(ForwardingStorage::Call::write) == writes);
}

TEST_CASE_METHOD(ServiceFixture, "events of a batch whose receipt was lost are counted") {
    auto faulty = std::make_shared<FaultyStorage>(storage);
    storage = faulty;
    running.reset();
    open();
    subscribe();
    faulty->break_calls(
        {.fault = FaultyStorage::Fault::answer_lost, .only = ForwardingStorage::Call::write});
    CHECK(service().publish(alice, {.event_type = "order.created", .payload = "{}"}).error() ==
          Errc::unavailable);
    advance(5s);
    const auto families = service().metrics().value();
    const auto events = std::ranges::find(families, "webhooks_events", &MetricFamily::name);
    REQUIRE(events != families.end());
    CHECK(events->samples.front().value == 1);
}
