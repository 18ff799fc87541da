/// The cost of an idle service, and of a start with far too much work.

#include <host.hpp>
#include <measure.hpp>
#include <processes.hpp>
#include <sink.hpp>
#include <thread>

namespace bench {
namespace {

Figures measure_idle(const Bench& bench) {
    const LogShape shape{.subscriptions = bench.scale.many_subscriptions};
    Host host(open_log(bench, Place::sqlite, shape), shape);
    const auto before = own_cpu();
    std::this_thread::sleep_for(bench.scale.idle);
    const double seconds = std::chrono::duration<double>(bench.scale.idle).count();
    return {{"cpu_percent", (own_cpu() - before).count() / seconds * 100},
            {"resident_mb", resident_megabytes()}};
}

Figures measure_retries(const Bench& bench) {
    const LogShape shape{.events = bench.scale.many_retries, .are_due = true, .is_used_up = true};
    const auto storage = open_log(bench, Place::sqlite, shape);
    const double baseline = resident_megabytes();
    reset_peak();
    const std::uint64_t before = bench.sink.requests();
    const auto start = std::chrono::steady_clock::now();
    Host host(storage, shape);
    if (!bench.sink.wait_for(before + 1, std::chrono::seconds(60))) {
        throw std::runtime_error("no retry was delivered within a minute");
    }
    const std::chrono::duration<double, std::milli> first =
        std::chrono::steady_clock::now() - start;
    const Meter meter(bench);
    const std::int64_t delivered_before = host.delivered();
    std::this_thread::sleep_for(bench.scale.duration);
    Figures figures = meter.rate(static_cast<double>(host.delivered() - delivered_before));
    figures.insert(figures.begin(), {{"over_baseline_mb", peak_megabytes() - baseline},
                                     {"first_ms", first.count()}});
    return figures;
}

}  // namespace

void add_memory_rows(Rows& rows, const Scale& scale) {
    rows.push_back(
        {.name = "idle",
         .what = "a service with " + short_number(scale.many_subscriptions) +
                 " subscriptions and nothing to do",
         .measure = measure_idle,
         .targets = {{.figure = "cpu_percent", .bar = 1, .aim = 0.1, .is_at_most = true},
                     {.figure = "resident_mb", .bar = 200, .aim = 80, .is_at_most = true}}});
    rows.push_back(
        {.name = "retries",
         .what = "a start with " + short_number(scale.many_retries) + " retries due",
         .measure = measure_retries,
         .targets = {{.figure = "over_baseline_mb", .bar = 256, .aim = 64, .is_at_most = true}}});
}

}  // namespace bench
