#pragma once

/// @file
/// What the benchmark is made of: rows, each of which measures something once, and the figures it
/// gives. Repeating them is main.cpp's, medians, ratios and targets are report.hpp's.

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace bench {

class Sink;
class Postgresql;

/// Named results of one measurement, in the order they are shown. The unit ends the name, and
/// `rate` is items per second; `cpu_us` is CPU of our own process per item.
using Figures = std::vector<std::pair<std::string, double>>;

/// How much is done.
struct Scale {
    int repetitions = 3;
    int scaling_repetitions = 3;               ///< Of rows that only compare their cost.
    std::chrono::milliseconds duration{2000};  ///< Of one measurement of a rate.
    std::chrono::seconds yardstick{1};         ///< wrk counts in whole seconds.
    bool yardstick_is_fresh = true;            ///< For each measurement beside it.
    std::int64_t brief_log = 10'000;           ///< Events.
    std::int64_t middle_log = 1'000'000;       ///< Events.
    std::int64_t grown_log = 5'000'000;        ///< Events.
    int many_subscriptions = 100'000;
    int many_endpoints = 10'000;
    int many_retries = 1'000'000;
    std::chrono::milliseconds idle{10'000};
};

/// What rows measure with.
struct Bench {
    Scale scale;
    std::filesystem::path folder;  ///< For files of this run.
    std::filesystem::path cache;   ///< For what later runs use again.
    Sink& sink;
    Postgresql* postgresql = nullptr;  ///< Null where the machine has no server.
    bool has_wrk = false;
};

/// What a row should reach: the bar, and beyond it the aim.
struct Target {
    std::string figure;       ///< Of the row's.
    std::string versus = {};  ///< The row whose same figure it is divided by; empty: none.
    double bar = 0;
    double aim = 0;
    bool is_at_most = false;
};

/// One line of the table.
struct Row {
    std::string name;
    std::string what;  ///< For a person, one line.
    /// Measures once. Runs in a process of its own, so that neither memory nor threads of one row
    /// are another's. May throw.
    std::function<Figures(const Bench&)> measure;
    std::vector<Target> targets = {};
    bool beside_yardstick = false;  ///< W is measured right before, each time.
    bool needs_wrk = false;
    bool needs_postgresql = false;
    int repetitions = 0;  ///< Instead of the scale's, where not 0.
};

using Rows = std::vector<Row>;

// The families, each in the file of its name.
void add_transport_rows(Rows&, const Scale&);
void add_deliver_rows(Rows&, const Scale&);
void add_publish_rows(Rows&, const Scale&);
void add_latency_rows(Rows&, const Scale&);
void add_rest_rows(Rows&, const Scale&);
void add_list_rows(Rows&, const Scale&);
void add_memory_rows(Rows&, const Scale&);
void add_scaling_rows(Rows&, const Scale&);

/// "5m", "10k", "200": how row names say sizes.
std::string short_number(std::int64_t);

}  // namespace bench
