/// What a second delivery thread brings: where handshakes dominate, and where they do not.

#include <host.hpp>
#include <measure.hpp>
#include <sink.hpp>

namespace bench {
namespace {

/// Enough that each of two threads has about half of them.
constexpr int hosts = 32;

struct Way {
    bool is_tls = false;
    /// Each on a connection of its own.
    bool is_new = false;
    bool has_key_pairs = false;
};

Figures deliver(const Bench& bench, Way way, int delivery_threads) {
    const LogShape shape{.endpoints = hosts, .have_key_pairs = way.has_key_pairs};
    Bench own = {.scale = bench.scale,
                 .folder = bench.folder,
                 .cache = bench.cache,
                 .sink = way.is_tls ? *bench.forgetful_sink : bench.sink};
    Host host(open_log(own, Place::memory, shape), shape, {},
              {.keep_alive = std::chrono::seconds(way.is_new ? 0 : 30),
               .delivery_threads = delivery_threads,
               .ca_file = bench.forgetful_ca_file});
    // What waits is delivered as well: a handshake takes about a millisecond.
    const std::int64_t window = way.is_new ? bench.scale.duration.count() / 2 : 5000;
    host.deliver_for(bench.scale.duration / 4, window);
    const Meter meter(own);
    const std::int64_t delivered = host.deliver_for(bench.scale.duration / 2, window);
    host.finish();
    return meter.rate(static_cast<double>(delivered));
}

Figures compare_two_with_one(const Bench& bench, Way way) {
    return compare_with_plain([&] { return deliver(bench, way, 1); },
                              [&] { return deliver(bench, way, 2); });
}

}  // namespace

void add_thread_rows(Rows& rows, const Scale&) {
    const auto add = [&rows](const char* name, const char* what, Way way, Target target) {
        rows.push_back(
            {.name = name,
             .what = what,
             .measure = [way](const Bench& bench) { return compare_two_with_one(bench, way); },
             .targets = {std::move(target)},
             .repetitions = 1});
    };
    add("threads-tls-full",
        "two delivery threads instead of one: HTTPS, a new session for each delivery",
        {.is_tls = true, .is_new = true}, {.figure = "of_plain", .bar = 1.1, .aim = 1.3});
    add("threads-tls", "the same on kept connections", {.is_tls = true},
        {.figure = "of_plain", .bar = 0.9, .aim = 1.0});
    add("threads-ed25519", "the same by HTTP, signed with Ed25519", {.has_key_pairs = true},
        {.figure = "of_plain", .bar = 1.15, .aim = 1.5});
    add("threads-memory", "the same by HTTP", {}, {.figure = "of_plain", .bar = 0.9, .aim = 1.0});
}

}  // namespace bench
