#include <support/catch.hpp>
#include <webhooks/series.hpp>

using namespace webhooks;
using namespace std::chrono_literals;

TEST_CASE("attempts are counted by outcome, status and duration") {
    DeliveryCounts counts;
    counts.add({.duration = 5ms, .status_code = 204, .outcome = Outcome::delivered});
    counts.add({.duration = 5001us, .status_code = 503, .outcome = Outcome::retry});
    counts.add({.duration = 16s, .outcome = Outcome::exhausted});
    counts.add({.outcome = Outcome::cancelled});
    counts.add({.outcome = Outcome::expired});
    CHECK(counts.attempts() == 3);
    CHECK(counts.delivered == 1);
    CHECK(counts.failed == 2);
    CHECK(counts.exhausted == 1);
    CHECK(counts.cancelled == 1);
    CHECK(counts.expired == 1);
    CHECK(counts.statuses == std::array<std::int64_t, 5>{1, 0, 0, 1, 1});
    CHECK(counts.latencies[0] == 1);
    CHECK(counts.latencies[1] == 1);
    CHECK(counts.latencies[12] == 1);
}

TEST_CASE("percentiles are interpolated within a bucket, and absent without attempts") {
    DeliveryCounts counts;
    CHECK_FALSE(counts.latency_percentile(50));
    for (int i = 0; i < 100; ++i)
        counts.add({.duration = 20ms, .status_code = 200, .outcome = Outcome::delivered});
    CHECK(counts.latency_percentile(50) == 17500us);
    CHECK(counts.latency_percentile(100) == 25ms);
    counts.add({.duration = 60s, .outcome = Outcome::retry});
    CHECK(counts.latency_percentile(100) == 15s);
}
