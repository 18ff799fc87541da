#pragma once

/// @file
/// The elements of the benchmark: rows, each of which measures something once, and their figures.
/// main.cpp repeats them; report.hpp has medians, ratios and targets.

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

/// Named results of one measurement, in display order. The name ends with the unit; `rate` is items
/// per second, `cpu_us` is this process's CPU time per item.
using Figures = std::vector<std::pair<std::string, double>>;

/// The size of a run.
struct Scale {
    int repetitions = 3;
    int scaling_repetitions = 3;               ///< Of rows that only compare their cost.
    std::chrono::milliseconds duration{2000};  ///< Of one measurement of a rate.
    std::chrono::seconds yardstick{1};         ///< wrk counts in whole seconds.
    bool yardstick_is_fresh = true;            ///< Measured again before each row compared with it.
    std::int64_t brief_log = 10'000;           ///< Events.
    std::int64_t middle_log = 1'000'000;       ///< Events.
    std::int64_t grown_log = 5'000'000;        ///< Events.
    int many_subscriptions = 100'000;
    int many_endpoints = 10'000;
    std::int64_t backlog = 1'000'000;  ///< Events.
    std::chrono::milliseconds idle{15'000};
};

/// The environment that rows measure in.
struct Bench {
    Scale scale;
    std::filesystem::path folder;  ///< For files of this run.
    std::filesystem::path cache;   ///< For what later runs use again.
    Sink& sink;
    Sink* tls_sink = nullptr;  ///< The same by HTTPS.
    std::string ca_file = {};  ///< That it is trusted by.
    /// By HTTPS too: it resumes no session, and has a certificate of a P-384 authority, as of many
    /// public ones.
    Sink* forgetful_sink = nullptr;
    std::string forgetful_ca_file = {};
    Postgresql* postgresql = nullptr;  ///< Null if the machine has no server.
    bool has_wrk = false;
};

/// What a row should reach: the bar, and the more ambitious aim.
struct Target {
    std::string figure;       ///< One of the row's.
    std::string versus = {};  ///< The row whose same figure it is divided by; empty: none.
    double bar = 0;
    double aim = 0;
    bool is_at_most = false;
};

/// One line of the table.
struct Row {
    std::string name;
    std::string what;  ///< Human-readable, one line.
    /// Measures once. Runs in a process of its own, so that rows do not share memory or threads.
    /// May throw.
    std::function<Figures(const Bench&)> measure;
    std::vector<Target> targets = {};
    bool beside_yardstick = false;  ///< W is measured immediately before, each time.
    bool needs_wrk = false;
    bool needs_postgresql = false;
    int repetitions = 0;  ///< Instead of the scale's, if not 0.
};

using Rows = std::vector<Row>;

// The groups of rows, each in the file of its name.
void add_transport_rows(Rows&, const Scale&);
void add_deliver_rows(Rows&, const Scale&);
void add_tls_rows(Rows&, const Scale&);
void add_thread_rows(Rows&, const Scale&);
void add_publish_rows(Rows&, const Scale&);
void add_latency_rows(Rows&, const Scale&);
void add_rest_rows(Rows&, const Scale&);
void add_list_rows(Rows&, const Scale&);
void add_series_rows(Rows&, const Scale&);
void add_memory_rows(Rows&, const Scale&);
void add_filter_rows(Rows&);
void add_scaling_rows(Rows&, const Scale&);

/// "5m", "10k", "200": sizes in row names.
std::string short_number(std::int64_t);

}  // namespace bench
