/// How the cost of a delivery changes as work grows, from one step to the next; and one event to
/// many.

#include <algorithm>
#include <host.hpp>
#include <measure.hpp>
#include <sink.hpp>

namespace bench {
namespace {

Figures measure(const Bench& bench, const LogShape& shape) {
    // A single host should be as fast as four, and each of thousands keeps its connection.
    Host host(open_log(bench, Place::sqlite, shape), shape, {.max_in_flight_per_host = 64},
              {.max_idle_connections = 20'000});
    host.warm_up(std::clamp(shape.subscriptions, 1000, 20'000) / shape.per_user);
    const Meter meter(bench);
    const std::int64_t delivered = host.deliver_for(bench.scale.duration);
    host.finish();
    return meter.rate(static_cast<double>(delivered));
}

Figures measure_fanout(const Bench& bench) {
    const int many = 1000;
    const LogShape shape{.subscriptions = many, .per_user = many};
    Host host(open_log(bench, Place::sqlite, shape), shape);
    host.warm_up(10);
    std::vector<std::chrono::microseconds> times;
    for (int i = 0; i < 21; ++i) {
        const auto start = std::chrono::steady_clock::now();
        host.warm_up(1);
        times.push_back(std::chrono::duration_cast<std::chrono::microseconds>(
            std::chrono::steady_clock::now() - start));
    }
    std::ranges::sort(times);
    const Meter meter(bench);
    const std::int64_t delivered = host.deliver_for(bench.scale.duration);
    host.finish();
    Figures figures = meter.rate(static_cast<double>(delivered));
    figures.emplace_back("event_p50_ms", percentile_ms(times, 0.5));
    return figures;
}

/// Rows for one growing quantity; each is compared with the previous one.
void add_steps(Rows& rows, int repetitions, const std::string& name, const std::string& what,
               std::vector<std::int64_t> sizes,
               const std::function<LogShape(std::int64_t)>& shape) {
    std::string before;
    for (const std::int64_t size : sizes) {
        Row row{
            .name = "scale-" + name + "-" + short_number(size),
            .what = "cost of a delivery with " + short_number(size) + " " + what,
            .measure = [shape, size](const Bench& bench) { return measure(bench, shape(size)); },
            .repetitions = repetitions};
        if (!before.empty()) {
            row.targets.push_back(
                {.figure = "cpu_us", .versus = before, .bar = 1.2, .aim = 1.2, .is_at_most = true});
        }
        before = row.name;
        rows.push_back(std::move(row));
    }
}

std::vector<std::int64_t> powers_of_ten(std::int64_t from, std::int64_t to) {
    std::vector<std::int64_t> sizes;
    for (; from <= to; from *= 10)
        sizes.push_back(from);
    return sizes;
}

}  // namespace

void add_scaling_rows(Rows& rows, const Scale& scale) {
    rows.push_back({.name = "fanout",
                    .what = "one event to 1,000 subscriptions; event_p50_ms: until all have it",
                    .measure = measure_fanout});
    add_steps(rows, scale.scaling_repetitions, "subscriptions", "subscriptions",
              powers_of_ten(1, scale.many_subscriptions),
              [](std::int64_t size) { return LogShape{.subscriptions = static_cast<int>(size)}; });
    std::vector<std::int64_t> logs = powers_of_ten(scale.brief_log, scale.grown_log);
    if (logs.back() != scale.grown_log) logs.push_back(scale.grown_log);
    add_steps(rows, scale.scaling_repetitions, "events", "events in the log", std::move(logs),
              [](std::int64_t size) { return LogShape{.events = size}; });
    add_steps(rows, scale.scaling_repetitions, "fanout", "subscriptions to an event",
              powers_of_ten(1, 1000),
              [](std::int64_t size) { return LogShape{.per_user = static_cast<int>(size)}; });
    add_steps(rows, scale.scaling_repetitions, "endpoints", "endpoints, each a host",
              powers_of_ten(1, scale.many_endpoints),
              [many = scale.many_endpoints](std::int64_t size) {
                  return LogShape{.subscriptions = many, .endpoints = static_cast<int>(size)};
              });
}

}  // namespace bench
