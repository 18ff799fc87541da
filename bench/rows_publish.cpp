/// Durable publishing while events are delivered; and the latency of a delivery when the service is
/// not at its limit.

#include <functional>
#include <host.hpp>
#include <measure.hpp>
#include <postgresql.hpp>
#include <sink.hpp>

namespace bench {
namespace {

const char* name_of(Place place) {
    return place == Place::sqlite ? "sqlite" : "postgresql";
}

/// Publishes on a host for this long, `per_time` at once. @return how long each call took,
/// ascending.
struct Way {
    std::string name;
    std::string what;
    std::function<std::vector<std::chrono::microseconds>(Host&, std::chrono::milliseconds)> publish;
    std::size_t per_time = 1;
};

std::vector<Way> ways() {
    const auto from_threads = [](int threads) {
        return [threads](Host& host, std::chrono::milliseconds duration) {
            return host.publish_for(duration, threads);
        };
    };
    return {{"1", "from 1 thread", from_threads(1)},
            {"64", "from 64 threads", from_threads(64)},
            {"coroutines", "from 64 coroutines of Boost.Asio on one thread",
             [](Host& host, std::chrono::milliseconds duration) {
                 return host.publish_from_coroutines_for(duration, 64);
             }},
            {"batch", "from 1 thread, 1,000 at once; the times are a batch's",
             [](Host& host, std::chrono::milliseconds duration) {
                 return host.publish_batches_for(duration);
             },
             webhooks::max_publications_in_batch}};
}

Figures measure_publish(const Bench& bench, Place place, const Way& way) {
    const LogShape shape;
    Host host(open_log(bench, place, shape), shape);
    host.warm_up(shape.subscriptions);
    const Meter meter(bench);
    const auto times = way.publish(host, bench.scale.duration);
    Figures figures = meter.rate(static_cast<double>(times.size() * way.per_time));
    figures.insert(figures.begin() + 1,
                   {{"p50_ms", percentile_ms(times, 0.5)}, {"p99_ms", percentile_ms(times, 0.99)}});
    return figures;
}

/// In percent of the service's maximum, which is measured first.
constexpr int loads[] = {10, 25, 50, 75, 90};
constexpr int load_of_target = 25;

Figures measure_latency(const Bench& bench, Place place) {
    const LogShape shape;
    Host host(open_log(bench, place, shape), shape);
    host.warm_up(shape.subscriptions);
    const Meter meter(bench);
    const double max =
        static_cast<double>(host.deliver_for(bench.scale.duration)) / meter.elapsed().count();
    Figures at_target;
    Figures others;
    for (const int load : loads) {
        bench.sink.begin_ages();
        const Meter load_meter(bench);
        const std::int64_t events = host.deliver_evenly(max * load / 100, bench.scale.duration);
        const double rate = static_cast<double>(events) / load_meter.elapsed().count();
        const auto ages = bench.sink.end_ages();
        const std::string end = "@" + std::to_string(load);
        const Figures figures = {{"rate" + end, rate},
                                 {"p50_ms" + end, percentile_ms(ages, 0.5)},
                                 {"p99_ms" + end, percentile_ms(ages, 0.99)}};
        others.insert(others.end(), figures.begin(), figures.end());
        if (load == load_of_target) {
            at_target = {{"p50_ms", percentile_ms(ages, 0.5)},
                         {"p99_ms", percentile_ms(ages, 0.99)}};
        }
    }
    at_target.insert(at_target.end(), others.begin(), others.end());
    return at_target;
}

}  // namespace

void add_publish_rows(Rows& rows, const Scale&) {
    for (const Place place : {Place::sqlite, Place::postgresql}) {
        for (const Way& way : ways()) {
            rows.push_back(
                {.name = std::string("publish-") + name_of(place) + "-" + way.name,
                 .what = "publish until durable " + way.what,
                 .measure = [=](const Bench& bench) { return measure_publish(bench, place, way); },
                 .needs_postgresql = place == Place::postgresql});
        }
    }
}

void add_latency_rows(Rows& rows, const Scale&) {
    for (const Place place : {Place::sqlite, Place::postgresql}) {
        rows.push_back(
            {.name = std::string("latency-") + name_of(place),
             .what = "from publish to the request at the receiver, at 25 % load (@N: at N %)",
             .measure = [=](const Bench& bench) { return measure_latency(bench, place); },
             .targets = {{.figure = "p99_ms",
                          .bar = place == Place::sqlite ? 8.0 : 4.0,
                          .aim = 3,
                          .is_at_most = true}},
             .needs_postgresql = place == Place::postgresql});
    }
}

}  // namespace bench
