#include <support/catch.hpp>
#include <thread>
#include <vector>
#include <webhooks/metrics.hpp>

using namespace webhooks;

namespace {

std::vector<MetricDescription> descriptions() {
    return {{.name = "things",
             .help = "Things that were \"seen\".",
             .labels = {{"kind", {"big", "small"}}, {"color", {"red", "blue"}}}},
            {.name = "level", .help = "How high it is.", .type = MetricType::gauge},
            {.name = "wait_seconds",
             .help = "Waits.",
             .type = MetricType::histogram,
             .bounds = {500, 1'000'000},
             .per_unit = 1'000'000}};
}

}  // namespace

TEST_CASE("all series exist from the start, at 0") {
    const std::string text =
        format_metrics(MetricSet(descriptions()).collect(), MetricsFormat::prometheus);
    CHECK(text ==
          "# HELP things_total Things that were \"seen\".\n"
          "# TYPE things_total counter\n"
          "things_total{kind=\"big\",color=\"red\"} 0\n"
          "things_total{kind=\"big\",color=\"blue\"} 0\n"
          "things_total{kind=\"small\",color=\"red\"} 0\n"
          "things_total{kind=\"small\",color=\"blue\"} 0\n"
          "# HELP level How high it is.\n"
          "# TYPE level gauge\n"
          "level 0\n"
          "# HELP wait_seconds Waits.\n"
          "# TYPE wait_seconds histogram\n"
          "wait_seconds_bucket{le=\"0.0005\"} 0\n"
          "wait_seconds_bucket{le=\"1.0\"} 0\n"
          "wait_seconds_bucket{le=\"+Inf\"} 0\n"
          "wait_seconds_sum 0\n"
          "wait_seconds_count 0\n");
}

TEST_CASE("OpenMetrics names a counter without _total, escapes quotes in help, and ends in EOF") {
    MetricSet set(descriptions());
    set.add(0, 3, 7);
    const std::string text = format_metrics(set.collect(), MetricsFormat::open_metrics);
    CHECK(
        text.starts_with("# HELP things Things that were \\\"seen\\\".\n# TYPE things counter\n"));
    CHECK(text.find("\nthings_total{kind=\"small\",color=\"blue\"} 7\n") != std::string::npos);
    CHECK(text.ends_with("wait_seconds_count 0\n# EOF\n"));
}

TEST_CASE("a value counts up to its bound, the bound included") {
    MetricSet set(descriptions());
    set.observe(2, 0, 500);
    set.observe(2, 0, 501, 2);
    set.observe(2, 0, 2'000'000);
    const MetricSample sample = set.collect()[2].samples[0];
    CHECK(sample.buckets == std::vector<std::uint64_t>{1, 2, 1});
    CHECK(sample.value == 2.001502);
}

TEST_CASE("a gauge has the value that was set last, from whichever thread") {
    MetricSet set(descriptions());
    for (std::uint64_t value = 1; value <= 20; ++value) {
        std::thread([&set, value] { set.set(1, 0, value); }).join();
    }
    CHECK(set.collect()[1].samples[0].value == 20);
}

TEST_CASE("what many threads count is there to the last one") {
    MetricSet set(descriptions());
    std::vector<std::thread> threads;
    for (int i = 0; i < 20; ++i) {
        threads.emplace_back([&set] {
            for (int n = 0; n < 10'000; ++n)
                set.add(0, 1);
        });
    }
    for (std::thread& thread : threads)
        thread.join();
    const MetricFamily things = set.collect()[0];
    CHECK(things.samples[1].value == 200'000);
    CHECK(things.samples[0].value == 0);
}

TEST_CASE("values of labels are escaped") {
    const MetricFamily family{
        .name = "a",
        .help = "b\nc\\",
        .type = MetricType::gauge,
        .samples = {{.labels = {{"l", "quote \" slash \\ line \n"}}, .value = 0.25}}};
    CHECK(format_metrics({&family, 1}, MetricsFormat::prometheus) ==
          "# HELP a b\\nc\\\\\n# TYPE a gauge\na{l=\"quote \\\" slash \\\\ line \\n\"} 0.25\n");
}
