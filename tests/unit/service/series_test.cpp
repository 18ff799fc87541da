#include <webhooks/testing/faulty_storage.hpp>

#include "fixture.hpp"

using namespace webhooks;
using namespace webhooks::testing;
using namespace std::chrono_literals;

namespace {

struct SeriesFixture : ServiceFixture {
    const Subscription mine = subscribe();

    DeliverySeries series(const SeriesQuery& query = {}) {
        return service().series(alice, mine.id, query).value();
    }
    static DeliveryCounts sum(const DeliverySeries& series) {
        DeliveryCounts counts;
        for (const SeriesBucket& bucket : series.buckets)
            counts += bucket.counts;
        return counts;
    }
    std::string field(const SeriesQuery& query) {
        const Error error = service().series(alice, mine.id, query).error();
        return error == Errc::invalid_argument ? error.fields().front().field : "";
    }
};

}  // namespace

TEST_CASE_METHOD(SeriesFixture, "the sums of a series are those of the log") {
    for (const int status : {200, 503, 200, 410}) {
        transport->respond_with_status(status);
        publish();
        settle();
        advance(7min);
    }
    advance(10s);
    DeliveryCounts log;
    for (const Event& event : service().events(alice, mine.id).value().items) {
        for (const Attempt& attempt : service().event(alice, event.id).value().attempts)
            log.add(attempt);
    }
    REQUIRE(log.attempts() > 4);
    CHECK(sum(series()) == log);
    CHECK(sum(service().all_series(alice).value()) == log);
    CHECK(sum(service().all_series(admin).value()) == log);
    CHECK(sum(service().all_series(admin, {}, "bob").value()) == DeliveryCounts{});
    CHECK(service().all_series(bob, {}, "alice").error() == Errc::forbidden);
    CHECK(service().series(bob, mine.id).error() == Errc::not_found);
}

TEST_CASE_METHOD(SeriesFixture, "counts are written 10 s after the first of them, and by a stop") {
    publish();
    settle();
    advance(9s);
    CHECK(sum(series()).delivered == 0);
    advance(1s);
    CHECK(sum(series()).delivered == 1);
    publish();
    settle();
    service().stop(0s).value();
    open();
    CHECK(sum(series()).delivered == 2);
}

TEST_CASE_METHOD(SeriesFixture, "counts of a batch whose receipt was lost are added once") {
    auto faulty = std::make_shared<FaultyStorage>(storage);
    storage = faulty;
    running.reset();
    open();
    publish();
    settle();
    const auto fault = GENERATE(FaultyStorage::Fault::rejected, FaultyStorage::Fault::answer_lost);
    faulty->break_calls({.fault = fault, .only = ForwardingStorage::Call::write});
    advance(10s);
    advance(5s);
    REQUIRE(faulty->broken().size() == 1);
    CHECK(sum(series()).delivered == 1);
}

TEST_CASE_METHOD(SeriesFixture, "a series has a bucket for each step, widened to whole ones") {
    advance(30min);
    const Time now = clock->now();
    const DeliverySeries day = series();
    CHECK(day.step == 5min);
    CHECK(day.buckets.size() == 288);
    CHECK(day.to == now);
    CHECK_FALSE(day.is_complete);
    const DeliverySeries some =
        series({.from = now - 20min - 1s, .to = now - 1s, .step = std::chrono::seconds(5min)});
    CHECK(some.from == now - 25min);
    CHECK(some.to == now);
    REQUIRE(some.buckets.size() == 5);
    CHECK(some.buckets[4].start == now - 5min);
    CHECK(some.is_complete);
    CHECK(series({.from = now - 1h, .to = now + 24h}).to == now);
    CHECK(series({.from = now - 10 * 24h}).step == 1h);
    CHECK(series({.from = now - 300 * 24h}).step == 24h);
    CHECK(series({.from = now - 72h, .to = now - 71h}).step == 1h);
}

TEST_CASE_METHOD(SeriesFixture, "a series that cannot be is an error that names the parameter") {
    const Time now = clock->now();
    CHECK(field({.from = now, .to = now}) == "from");
    CHECK(field({.from = now + 1h}) == "from");
    CHECK(field({.from = now - 367 * 24h}) == "from");
    CHECK(field({.step = 60s}) == "step");
    CHECK(field({.from = now - 72h, .step = std::chrono::seconds(5min)}) == "step");
    CHECK(field({.from = now - 50 * 24h, .step = std::chrono::seconds(1h)}) == "step");
    CHECK(
        field({.from = now - 100 * 24h, .to = now - 99 * 24h, .step = std::chrono::seconds(1h)}) ==
        "step");
    CHECK(service().series(alice, {999}, {.step = 1s}).error() == Errc::not_found);
}
