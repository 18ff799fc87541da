/// The cost of an idle service, of a start with a backlog, and of one event to very many.

#include <algorithm>
#include <atomic>
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
    // What a start has to do is not what an idle service does.
    std::this_thread::sleep_for(bench.scale.idle / 3);
    const auto before = own_cpu();
    std::this_thread::sleep_for(bench.scale.idle);
    const double seconds = std::chrono::duration<double>(bench.scale.idle).count();
    return {{"cpu_percent", (own_cpu() - before).count() / seconds * 100},
            {"resident_mb", resident_megabytes()}};
}

/// Until all are delivered, while a few publications go on.
Figures measure_backlog(const Bench& bench, Place place) {
    const LogShape shape{.events = bench.scale.backlog, .are_due = true, .is_used_up = true};
    const auto storage = open_log(bench, place, shape);
    const double baseline = resident_megabytes();
    reset_peak();
    const std::uint64_t before = bench.sink.requests();
    const auto start = std::chrono::steady_clock::now();
    Host host(storage, shape);
    if (!bench.sink.wait_for(before + 1, std::chrono::seconds(60))) {
        throw std::runtime_error("nothing of the backlog was delivered within a minute");
    }
    const std::chrono::duration<double, std::milli> first =
        std::chrono::steady_clock::now() - start;
    const Meter meter(bench);
    const std::int64_t delivered_before = host.delivered();
    const std::vector<std::chrono::microseconds> publishing =
        host.publish_until_delivered(shape.events, std::chrono::milliseconds(10));
    Figures figures = meter.rate(static_cast<double>(host.delivered() - delivered_before));
    figures.insert(figures.end(), {{"over_baseline_mb", peak_megabytes() - baseline},
                                   {"first_ms", first.count()},
                                   {"publish_p50_ms", percentile_ms(publishing, 0.5)},
                                   {"publish_p99_ms", percentile_ms(publishing, 0.99)}});
    host.finish();
    return figures;
}

Row backlog(const Scale& scale, std::string place_name, Place place) {
    return {
        .name = "backlog-" + place_name,
        .what = "a start with " + short_number(scale.backlog) +
                " events due, until they are delivered, and some publications meanwhile",
        .measure = [place](const Bench& bench) { return measure_backlog(bench, place); },
        .targets = {{.figure = "rate", .versus = "deliver-" + place_name, .bar = 0.80, .aim = 1.0},
                    {.figure = "over_baseline_mb", .bar = 64, .aim = 48, .is_at_most = true}},
        .needs_postgresql = place == Place::postgresql,
        .repetitions = 1};
}

/// Until all have it. Meanwhile another user publishes.
Figures measure_large_fanout(const Bench& bench, Place place) {
    const int many = bench.scale.many_subscriptions;
    const LogShape shape{.subscriptions = many, .per_user = many};
    Host host(open_log(bench, place, shape), shape);
    host.warm_up(1);
    const double baseline = resident_megabytes();
    reset_peak();
    const Meter meter(bench);
    std::atomic<bool> is_done{false};
    std::vector<std::chrono::microseconds> times;
    std::thread other([&] {
        while (!is_done) {
            const auto start = std::chrono::steady_clock::now();
            static_cast<void>(host.service().publish(
                administrator(),
                {.event_type = event_type, .payload = "{}", .user_id = "another"}));
            times.push_back(std::chrono::duration_cast<std::chrono::microseconds>(
                std::chrono::steady_clock::now() - start));
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
        }
    });
    host.warm_up(1);
    Figures figures = meter.rate(many);
    is_done = true;
    other.join();
    std::ranges::sort(times);
    figures.insert(figures.end(), {{"over_baseline_mb", peak_megabytes() - baseline},
                                   {"other_p50_ms", percentile_ms(times, 0.5)},
                                   {"other_max_ms", percentile_ms(times, 1)}});
    host.finish();
    return figures;
}

Row large_fanout(const Scale& scale, std::string place_name, Place place) {
    return {
        .name = "fanout-large-" + place_name,
        .what = "one event to " + short_number(scale.many_subscriptions) +
                " subscriptions; other_max_ms: the longest publication of another user meanwhile",
        .measure = [place](const Bench& bench) { return measure_large_fanout(bench, place); },
        .targets = {{.figure = "other_max_ms", .bar = 50, .aim = 25, .is_at_most = true},
                    {.figure = "over_baseline_mb", .bar = 100, .aim = 50, .is_at_most = true}},
        .needs_postgresql = place == Place::postgresql};
}

}  // namespace

void add_memory_rows(Rows& rows, const Scale& scale) {
    rows.push_back(
        {.name = "idle",
         .what = "a service with " + short_number(scale.many_subscriptions) +
                 " subscriptions and nothing to do",
         .measure = measure_idle,
         .targets = {{.figure = "cpu_percent", .bar = 0.2, .aim = 0.1, .is_at_most = true},
                     {.figure = "resident_mb", .bar = 110, .aim = 70, .is_at_most = true}}});
    rows.push_back(backlog(scale, "sqlite", Place::sqlite));
    rows.push_back(backlog(scale, "postgresql", Place::postgresql));
    rows.push_back(large_fanout(scale, "sqlite", Place::sqlite));
    rows.push_back(large_fanout(scale, "postgresql", Place::postgresql));
}

}  // namespace bench
