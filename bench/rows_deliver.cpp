/// The whole path: publish, commit, match, sign, deliver, record.

#include <host.hpp>
#include <measure.hpp>

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
        .measure = [=](const Bench& bench) { return measure(bench, place, {.are_ordered = true}); },
        .targets = {{.figure = "rate", .versus = "deliver-" + place_name, .bar = 0.8, .aim = 1.0}},
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
    rows.push_back(row("deliver-memory", Place::memory, 0, {}));
    rows.push_back(row("deliver-sqlite", Place::sqlite, 0,
                       {.figure = "ratio_to_W", .bar = 0.35, .aim = 0.60}));
    rows.push_back(row("deliver-postgresql", Place::postgresql, 0,
                       {.figure = "ratio_to_W", .bar = 0.45, .aim = 0.70}));
    rows.push_back(row("deliver-sqlite" + grown, Place::sqlite, scale.grown_log,
                       {.figure = "ratio_to_W", .bar = 0.18, .aim = 0.50}));
    rows.push_back(
        row("deliver-postgresql" + grown, Place::postgresql, scale.grown_log,
            {.figure = "rate", .versus = "deliver-postgresql", .bar = 0.80, .aim = 0.95}));
    rows.push_back(long_row("deliver-sqlite", Place::sqlite));
    rows.push_back(long_row("deliver-postgresql", Place::postgresql));
    rows.push_back(encrypted_row("sqlite", Place::sqlite));
    rows.push_back(encrypted_row("postgresql", Place::postgresql));
    rows.push_back(ordered_row("memory", Place::memory));
    rows.push_back(ordered_row("sqlite", Place::sqlite));
    rows.push_back(ordered_row("postgresql", Place::postgresql));
}

}  // namespace bench
