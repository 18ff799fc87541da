/// Deliveries by HTTPS: on connections that are kept, and each on a new one.

#include <host.hpp>
#include <measure.hpp>
#include <sink.hpp>

namespace bench {
namespace {

/// @param keep_alive 0: a new connection for each
Figures deliver(const Bench& bench, std::chrono::milliseconds keep_alive) {
    const LogShape shape;
    Bench tls = {.scale = bench.scale,
                 .folder = bench.folder,
                 .cache = bench.cache,
                 .sink = *bench.tls_sink};
    Host host(open_log(tls, Place::memory, shape), shape, {},
              {.keep_alive = keep_alive, .ca_file = bench.ca_file});
    host.deliver_for(bench.scale.duration / 4);
    const std::uint64_t handshakes = bench.tls_sink->handshakes();
    const std::uint64_t resumed = bench.tls_sink->resumed();
    const Meter meter(tls);
    const std::int64_t delivered = host.deliver_for(bench.scale.duration);
    host.finish();
    Figures figures = meter.rate(static_cast<double>(delivered));
    const auto made = static_cast<double>(bench.tls_sink->handshakes() - handshakes);
    const auto again = static_cast<double>(bench.tls_sink->resumed() - resumed);
    figures.emplace_back("handshakes_each", made / static_cast<double>(delivered));
    if (made > 0) figures.emplace_back("resumed_percent", 100 * again / made);
    return figures;
}

/// @param yardstick the rate that is 1, measured before
Figures compare(const Bench& bench, std::chrono::milliseconds keep_alive, double yardstick) {
    Figures figures = deliver(bench, keep_alive);
    const double rate = figures.front().second;
    figures.emplace_back("of_yardstick", rate / yardstick);
    return figures;
}

}  // namespace

void add_tls_rows(Rows& rows, const Scale&) {
    rows.push_back({.name = "deliver-tls",
                    .what = "published and delivered by HTTPS on kept connections, in memory",
                    .measure =
                        [](const Bench& bench) {
                            return compare(bench, std::chrono::seconds(30),
                                           rate_of_wrk(bench, *bench.tls_sink));
                        },
                    .targets = {{.figure = "of_yardstick", .bar = 0.60, .aim = 0.90}},
                    .needs_wrk = true});
    rows.push_back({.name = "deliver-tls-new",
                    .what = "the same, each on a new connection that resumes a TLS session",
                    .measure =
                        [](const Bench& bench) {
                            return compare(bench, std::chrono::milliseconds(0),
                                           rate_of_resumed_connections(bench));
                        },
                    .targets = {{.figure = "of_yardstick", .bar = 0.50, .aim = 0.80}}});
}

}  // namespace bench
