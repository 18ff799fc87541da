/// The whole path: publish, commit, match, sign, deliver, record.

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>
#include <host.hpp>
#include <measure.hpp>
#include <sink.hpp>
#include <stdexcept>

namespace bench {
namespace {

/// @param times how much longer than usual
Figures measure(const Bench& bench, Place place, const LogShape& shape, int times = 1,
                const webhooks::EncryptionOptions& encryption = {}) {
    Host host(open_log(bench, place, shape, encryption), shape);
    host.deliver_for(bench.scale.duration / 4);
    const Meter meter(bench);
    const std::int64_t delivered = host.deliver_for(times * bench.scale.duration);
    host.finish();
    return meter.rate(static_cast<double>(delivered));
}

/// An endpoint that accepts connections and never answers.
class SilentEndpoint {
public:
    SilentEndpoint() : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof address;
        auto* const name = reinterpret_cast<sockaddr*>(&address);
        if (::bind(socket_, name, size) != 0 || ::listen(socket_, 16) != 0 ||
            ::getsockname(socket_, name, &size) != 0) {
            throw std::runtime_error("cannot listen");
        }
        port_ = ntohs(address.sin_port);
    }
    ~SilentEndpoint() { ::close(socket_); }
    SilentEndpoint(const SilentEndpoint&) = delete;
    SilentEndpoint& operator=(const SilentEndpoint&) = delete;

    std::string url() const { return "http://127.0.0.1:" + std::to_string(port_) + "/"; }

private:
    const int socket_;
    std::uint16_t port_ = 0;
};

/// From publication to request, for those whose endpoint works.
double p99_ms(const Bench& bench, Host& host, double rate) {
    bench.sink.begin_ages();
    host.deliver_evenly(rate, bench.scale.duration);
    return percentile_ms(bench.sink.end_ages(), 0.99);
}

/// The rate of a thousand queues, and how much longer 999 of them take at a quarter of it once the
/// endpoint of the other one is silent.
Figures measure_ordered(const Bench& bench, Place place) {
    const LogShape shape{.are_ordered = true};
    Host host(open_log(bench, place, shape), shape);
    host.deliver_for(bench.scale.duration / 4);
    const Meter meter(bench);
    const std::int64_t delivered = host.deliver_for(bench.scale.duration);
    Figures figures = meter.rate(static_cast<double>(delivered));
    const double rate = figures.front().second / 4;
    const double alive = p99_ms(bench, host, rate);
    {
        const SilentEndpoint silent;
        host.redirect_first_user(silent.url());
        const double beside = p99_ms(bench, host, rate);
        figures.insert(figures.end(), {{"p99_ms", alive},
                                       {"dead_key_p99_ms", beside},
                                       {"dead_key_p99_ratio", beside / alive}});
    }
    host.finish();
    return figures;
}

Row row(std::string name, Place place, std::int64_t events, Target target) {
    const std::string log =
        events == 0 ? "an empty log" : "a log of " + short_number(events) + " events";
    return {
        .name = std::move(name),
        .what = "published, committed, delivered and recorded, on " + log,
        .measure = [=](const Bench& bench) { return measure(bench, place, {.events = events}); },
        .targets = target.figure.empty() ? std::vector<Target>{} : std::vector{target},
        .beside_yardstick = true,
        .needs_postgresql = place == Place::postgresql};
}

/// A thousand queues, each of which sends one event at a time.
Row ordered_row(const std::string& place_name, Place place) {
    return {
        .name = "ordered-" + place_name,
        .what = "as deliver-" + place_name + ", with an ordering key for each of 1,000 users",
        .measure = [=](const Bench& bench) { return measure_ordered(bench, place); },
        .targets = {{.figure = "rate", .versus = "deliver-" + place_name, .bar = 0.8, .aim = 1.0},
                    {.figure = "dead_key_p99_ratio", .bar = 2, .aim = 1.1, .is_at_most = true}},
        .needs_postgresql = place == Place::postgresql};
}

/// Secrets and payloads under keys of their users.
Row encrypted_row(const std::string& place_name, Place place) {
    return {.name = "deliver-" + place_name + "-encrypted",
            .what = "as deliver-" + place_name +
                    ", encrypted; of_plain: relative to the same in "
                    "plain text, measured in turns",
            .measure =
                [=](const Bench& bench) {
                    return compare_with_plain(
                        [&] { return measure(bench, place, {}); },
                        [&] { return measure(bench, place, {}, 1, encrypting_everything()); });
                },
            .targets = {{.figure = "of_plain", .bar = 0.95, .aim = 1.0}},
            .needs_postgresql = place == Place::postgresql};
}

/// A minute in a full run: what a checkpoint, a vacuum or a growing file costs is part of it.
Row long_row(const std::string& versus, Place place) {
    return {.name = versus + "-minute",
            .what = "the same, for 30 times as long",
            .measure = [=](const Bench& bench) { return measure(bench, place, {}, 30); },
            .targets = {{.figure = "rate", .versus = versus, .bar = 0.95, .aim = 1.0}},
            .needs_postgresql = place == Place::postgresql,
            .repetitions = 1};
}

}  // namespace

void add_deliver_rows(Rows& rows, const Scale& scale) {
    const std::string grown = "-" + short_number(scale.grown_log);
    rows.push_back(row("deliver-memory", Place::memory, 0,
                       {.figure = "ratio_to_W", .bar = 0.55, .aim = 0.75}));
    rows.push_back(row("deliver-sqlite", Place::sqlite, 0,
                       {.figure = "ratio_to_W", .bar = 0.45, .aim = 0.65}));
    rows.push_back(row("deliver-postgresql", Place::postgresql, 0,
                       {.figure = "ratio_to_W", .bar = 0.52, .aim = 0.75}));
    rows.push_back(row("deliver-sqlite" + grown, Place::sqlite, scale.grown_log,
                       {.figure = "ratio_to_W", .bar = 0.40, .aim = 0.60}));
    rows.push_back(
        row("deliver-postgresql" + grown, Place::postgresql, scale.grown_log,
            {.figure = "rate", .versus = "deliver-postgresql", .bar = 0.90, .aim = 1.0}));
    rows.push_back(long_row("deliver-sqlite", Place::sqlite));
    rows.push_back(long_row("deliver-postgresql", Place::postgresql));
    rows.push_back(encrypted_row("sqlite", Place::sqlite));
    rows.push_back(encrypted_row("postgresql", Place::postgresql));
    rows.push_back(ordered_row("memory", Place::memory));
    rows.push_back(ordered_row("sqlite", Place::sqlite));
    rows.push_back(ordered_row("postgresql", Place::postgresql));
}

}  // namespace bench
