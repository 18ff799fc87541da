/// The benchmark: measures the library's performance relative to what the machine can do at most.
/// docs/performance.md describes each row; `./dev bench` runs it.

#include <unistd.h>
#include <algorithm>
#include <charconv>
#include <chart.hpp>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iostream>
#include <measure.hpp>
#include <memory>
#include <postgresql.hpp>
#include <processes.hpp>
#include <report.hpp>
#include <sink.hpp>
#include <sstream>
#include <stdexcept>
#include <support/certificates.hpp>
#include <support/child_process.hpp>
#include <support/process.hpp>

namespace bench {
namespace {

constexpr const char* usage_text =
    R"(usage: webhooks-bench [OPTION...] [full | quick | test] [ROW...]

  full, quick, test   how much is measured (default: full); test is one small round
  ROW                 measure only this row; NAME* means all that begin with NAME
  --list              name the rows
  --folder FOLDER     where results and grown logs are kept (default: build/bench)
  --repetitions N     how often each row is measured
  --milliseconds N    how long each rate is measured
)";

struct Settings {
    Scale scale;
    std::filesystem::path folder = "build/bench";
    std::vector<std::string> rows;
    bool is_list = false;
};

Scale quick_scale() {
    return {.repetitions = 2,
            .scaling_repetitions = 1,
            .duration = std::chrono::milliseconds(500),
            .yardstick = std::chrono::seconds(1),
            .middle_log = 50'000,
            .grown_log = 200'000,
            .many_subscriptions = 10'000,
            .many_endpoints = 1000,
            .backlog = 50'000,
            .idle = std::chrono::milliseconds(2000)};
}

Scale test_scale() {
    return {.repetitions = 1,
            .scaling_repetitions = 1,
            .duration = std::chrono::milliseconds(50),
            .yardstick = std::chrono::seconds(1),
            .yardstick_is_fresh = false,
            .brief_log = 1000,
            .middle_log = 2000,
            .grown_log = 3000,
            .many_subscriptions = 100,
            .many_endpoints = 100,
            .backlog = 1000,
            .idle = std::chrono::milliseconds(100)};
}

int number(const std::string& text) {
    int value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size() || value < 1) {
        throw std::invalid_argument(text + " is not a number above 0");
    }
    return value;
}

Settings read(int count, char** arguments) {
    Settings settings;
    std::vector<std::pair<std::string, std::string>> options;
    for (int i = 1; i < count; ++i) {
        const std::string word = arguments[i];
        if (word == "full") {
            settings.scale = Scale{};
        } else if (word == "quick") {
            settings.scale = quick_scale();
        } else if (word == "test") {
            settings.scale = test_scale();
        } else if (word == "--help") {
            std::fputs(usage_text, stdout);
            std::exit(0);
        } else if (word == "--list") {
            settings.is_list = true;
        } else if (word.starts_with("--") && i + 1 < count) {
            options.emplace_back(word, arguments[++i]);
        } else if (word.starts_with("-")) {
            throw std::invalid_argument(usage_text);
        } else {
            settings.rows.push_back(word);
        }
    }
    for (const auto& [name, value] : options) {
        if (name == "--folder") {
            settings.folder = value;
        } else if (name == "--repetitions") {
            settings.scale.repetitions = settings.scale.scaling_repetitions = number(value);
        } else if (name == "--milliseconds") {
            settings.scale.duration = std::chrono::milliseconds(number(value));
        } else {
            throw std::invalid_argument(usage_text);
        }
    }
    return settings;
}

bool is_chosen(const std::string& name, const std::vector<std::string>& wanted) {
    return wanted.empty() || std::ranges::any_of(wanted, [&name](const std::string& pattern) {
               return pattern.ends_with('*')
                          ? name.starts_with(pattern.substr(0, pattern.size() - 1))
                          : name == pattern;
           });
}

Rows make_rows(const Scale& scale) {
    Rows rows;
    rows.push_back({.name = "W",
                    .what = "the yardstick: wrk -t1 -c64 against the same receiver",
                    .measure = measure_yardstick,
                    .needs_wrk = true});
    add_transport_rows(rows, scale);
    add_deliver_rows(rows, scale);
    add_tls_rows(rows, scale);
    add_thread_rows(rows, scale);
    add_publish_rows(rows, scale);
    add_latency_rows(rows, scale);
    add_rest_rows(rows, scale);
    add_list_rows(rows, scale);
    add_series_rows(rows, scale);
    add_memory_rows(rows, scale);
    add_filter_rows(rows);
    add_scaling_rows(rows, scale);
    return rows;
}

/// Why this machine cannot measure a row; empty if it can.
std::string obstacle(const Row& row, const Bench& bench) {
    if (row.needs_wrk && !bench.has_wrk) return "there is no wrk (apt-get install wrk)";
    if (row.needs_postgresql && bench.postgresql == nullptr) {
        return "there is no PostgreSQL server (apt-get install postgresql)";
    }
    return {};
}

/// The figures that a child process returns: one per line.
std::string to_lines(const Figures& figures) {
    std::ostringstream text;
    text.precision(12);
    for (const auto& [name, value] : figures)
        text << name << ' ' << value << '\n';
    return text.str();
}

Figures from_lines(const std::string& text) {
    std::istringstream lines(text);
    Figures figures;
    std::string name;
    for (double value = 0; lines >> name >> value;)
        figures.emplace_back(name, value);
    return figures;
}

void measure(const Bench& bench, Outcome& outcome, Outcome* yardstick) {
    const Row& row = *outcome.row;
    // So that no row pays for pages that an earlier one left.
    ::sync();
    std::optional<double> w;
    if (row.beside_yardstick && yardstick != nullptr) {
        if (bench.scale.yardstick_is_fresh || yardstick->samples.empty()) {
            yardstick->samples.push_back(measure_yardstick(bench));
        }
        w = yardstick->samples.back().front().second;
    }
    Bench own = bench;
    if (!row.needs_postgresql) own.postgresql = nullptr;
    const webhooks::testing::Ended ended = webhooks::testing::run_in_child(
        [&] { return to_lines(row.measure(own)); }, std::chrono::minutes(15));
    if (ended.status != 0) {
        outcome.note = ended.output;
        std::fprintf(stderr, "bench: row failed: %s: %s\n", row.name.c_str(), ended.output.c_str());
        return;
    }
    Figures figures = from_lines(ended.output);
    if (w && !figures.empty()) {
        figures.insert(figures.begin() + 1, {"ratio_to_W", figures.front().second / *w});
    }
    outcome.samples.push_back(std::move(figures));
}

void save(const std::filesystem::path& file, const std::string& text) {
    std::ofstream(file) << text;
    std::fprintf(stderr, "bench: wrote %s\n", file.c_str());
}

/// Stored logs contain the sink's port: reusing it avoids rewriting them.
std::uint16_t last_port(const std::filesystem::path& cache) {
    std::uint16_t port = 0;
    std::ifstream(cache / "port") >> port;
    return port;
}

int run(const Settings& settings) {
    const Rows rows = make_rows(settings.scale);
    if (settings.is_list) {
        for (const Row& row : rows)
            std::printf("%-26s %s\n", row.name.c_str(), row.what.c_str());
        return 0;
    }
    // Thousands of endpoints require as many connections.
    webhooks::testing::allow_many_descriptors();

    const auto folder = std::filesystem::absolute(settings.folder);
    std::filesystem::create_directories(folder / "cache");
    Sink sink(last_port(folder / "cache"));
    std::ofstream(folder / "cache" / "port") << sink.port();
    const webhooks::testing::ThrowawayAuthority authority;
    const webhooks::testing::ServerContext tls = authority.server(Sink::names_of_hosts(4));
    Sink tls_sink(0, tls.get());
    const webhooks::testing::ThrowawayAuthority other_authority("P-384");
    const webhooks::testing::ServerContext forgetful =
        other_authority.server(Sink::names_of_hosts(32));
    SSL_CTX_set_num_tickets(forgetful.get(), 0);
    SSL_CTX_set_session_cache_mode(forgetful.get(), SSL_SESS_CACHE_OFF);
    Sink forgetful_sink(0, forgetful.get());
    Bench bench{.scale = settings.scale,
                .folder = folder,
                .cache = folder / "cache",
                .sink = sink,
                .tls_sink = &tls_sink,
                .ca_file = authority.file(),
                .forgetful_sink = &forgetful_sink,
                .forgetful_ca_file = other_authority.file(),
                .has_wrk = is_program("wrk")};
    Outcomes outcomes;
    for (const Row& row : rows) {
        if (is_chosen(row.name, settings.rows)) outcomes.push_back({.row = &row});
    }
    if (outcomes.empty()) throw std::invalid_argument("no such row; --list names them");
    std::unique_ptr<Postgresql> postgresql;
    const bool wants_postgresql = std::ranges::any_of(
        outcomes, [](const Outcome& outcome) { return outcome.row->needs_postgresql; });
    if (wants_postgresql && webhooks::testing::PostgresqlServer::is_installed()) {
        postgresql = std::make_unique<Postgresql>(bench.cache / "postgresql");
        bench.postgresql = postgresql.get();
    }

    // W is measured before the rows compared with it; alone only if no other row was requested.
    Outcome lone_yardstick{.row = &rows.front()};
    Outcome* yardstick = &lone_yardstick;
    if (outcomes.front().row == &rows.front()) yardstick = &outcomes.front();
    if (!bench.has_wrk) yardstick = nullptr;
    const bool has_rows_beside = std::ranges::any_of(
        outcomes, [](const Outcome& outcome) { return outcome.row->beside_yardstick; });
    for (int round = 0; round < settings.scale.repetitions; ++round) {
        for (Outcome& outcome : outcomes) {
            const Row& row = *outcome.row;
            if (&outcome == yardstick && has_rows_beside) continue;
            if (row.repetitions != 0 && round >= row.repetitions) continue;
            outcome.note = obstacle(row, bench);
            if (!outcome.note.empty()) continue;
            const auto start = std::chrono::steady_clock::now();
            measure(bench, outcome, yardstick);
            const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
            std::fprintf(stderr, "bench: %d/%d %s (%.1f s)\n", round + 1,
                         settings.scale.repetitions, row.name.c_str(), took.count());
        }
    }
    if (yardstick == &lone_yardstick && !lone_yardstick.samples.empty()) {
        outcomes.insert(outcomes.begin(), lone_yardstick);
    }
    std::printf("%d-byte bodies; at most 64 requests at once, 16 to each of 4 hosts\n\n%s",
                static_cast<int>(payload_bytes), table(outcomes).c_str());
    std::fflush(stdout);
    save(folder / "results.json", json(outcomes));
    if (const std::string svg = chart(outcomes); !svg.empty()) save(folder / "load.svg", svg);
    return 0;
}

}  // namespace

std::string short_number(std::int64_t number) {
    if (number >= 1'000'000 && number % 1'000'000 == 0) {
        return std::to_string(number / 1'000'000) + "m";
    }
    if (number >= 1000 && number % 1000 == 0) return std::to_string(number / 1000) + "k";
    return std::to_string(number);
}

}  // namespace bench

int main(int count, char** arguments) try {
    return bench::run(bench::read(count, arguments));
} catch (const std::exception& error) {
    std::cerr << error.what() << '\n';
    return 2;
}
