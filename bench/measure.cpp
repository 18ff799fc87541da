#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <measure.hpp>
#include <postgresql.hpp>
#include <processes.hpp>
#include <sink.hpp>
#include <stdexcept>
#include <support/child_process.hpp>

namespace bench {
namespace {

/// The number after a word in wrk's output, 0 if the word is missing.
double number_after(const std::string& text, const std::string& word) {
    const auto at = text.find(word);
    return at == text.npos ? 0 : std::strtod(text.c_str() + at + word.size(), nullptr);
}

/// The number before a word in wrk's output, 0 if the word is missing.
double number_before(const std::string& text, const std::string& word) {
    const auto at = text.find(word);
    if (at == text.npos) return 0;
    return std::strtod(text.c_str() + text.find_last_of(" \n", at - 1) + 1, nullptr);
}

}  // namespace

Meter::Meter(const Bench& bench)
    : bench_(bench), before_(read()), start_(std::chrono::steady_clock::now()) {}

Meter::Cpu Meter::read() const {
    return {.own = own_cpu(),
            .sink = cpu_of(bench_.sink.process()),
            .postgresql = bench_.postgresql != nullptr ? cpu_of_family(bench_.postgresql->process())
                                                       : std::chrono::seconds(0)};
}

std::chrono::duration<double> Meter::elapsed() const {
    return std::chrono::steady_clock::now() - start_;
}

double Meter::cpu_us(double items) const {
    return (read().own - before_.own).count() * 1e6 / items;
}

Figures Meter::rate(double items) const {
    const double seconds = elapsed().count();
    const Cpu after = read();
    const auto each = [items](std::chrono::duration<double> from,
                              std::chrono::duration<double> to) {
        return (to - from).count() * 1e6 / items;
    };
    Figures figures = {{"rate", items / seconds},
                       {"cpu_us", each(before_.own, after.own)},
                       {"sink_cpu_us", each(before_.sink, after.sink)}};
    const double postgresql = each(before_.postgresql, after.postgresql);
    if (postgresql > 0) figures.emplace_back("postgresql_cpu_us", postgresql);
    return figures;
}

WrkAnswer run_wrk(const Bench& bench, const std::string& url, std::chrono::seconds duration,
                  const std::string& body,
                  const std::vector<std::pair<std::string, std::string>>& headers,
                  int connections) {
    const std::string script = bench.folder / "wrk.lua";
    {
        std::ofstream file(script);
        file << "wrk.method = \"POST\"\nwrk.body = [==[" << body << "]==]\n";
        for (const auto& [name, value] : headers) {
            file << "wrk.headers[\"" << name << "\"] = \"" << value << "\"\n";
        }
    }
    const webhooks::testing::Ended ended = webhooks::testing::run_program(
        {"wrk", "-t1", "-c" + std::to_string(connections),
         "-d" + std::to_string(duration.count()) + "s", "-s", script, url});
    // wrk counts for up to a tenth of a second longer than it was told.
    const WrkAnswer answer{.rate = number_after(ended.output, "Requests/sec:"),
                           .requests = number_before(ended.output, " requests in "),
                           .cpu = ended.cpu,
                           .failures = number_after(ended.output, "Non-2xx or 3xx responses:")};
    if (answer.rate <= 0) throw std::runtime_error("wrk: " + ended.output);
    return answer;
}

WrkAnswer run_yardstick(const Bench& bench, const Sink& sink) {
    return run_wrk(bench, sink.url(0), bench.scale.yardstick, payload(),
                   {{"Content-Type", "application/json"},
                    {"User-Agent", "webhooks/0.0.0"},
                    {"webhook-id", "msg_0123456789abcdef_1234567"},
                    {"webhook-timestamp", "1767225600"},
                    {"webhook-signature", "v1,K5oZfzN95Z9UVu1EsfQmfVNQhnkZ2pj9o9NDN/H/pI4="}});
}

double rate_of_wrk(const Bench& bench, const Sink& sink) {
    return run_yardstick(bench, sink).rate;
}

double rate_of_resumed_connections(const Bench& bench) {
    std::string host = bench.tls_sink->url(0);
    host = host.substr(8, host.rfind('/') - 8);
    const auto start = std::chrono::steady_clock::now();
    const webhooks::testing::Ended ended = webhooks::testing::run_program(
        {"openssl", "s_time", "-reuse", "-www", "/hook", "-connect", host, "-time",
         std::to_string(bench.scale.yardstick.count())});
    const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start;
    const double connections = number_before(ended.output, " connections in ");
    if (connections <= 0) throw std::runtime_error("openssl s_time: " + ended.output);
    return connections / elapsed.count();
}

Figures measure_yardstick(const Bench& bench) {
    const auto sink_before = cpu_of(bench.sink.process());
    const WrkAnswer answer = run_yardstick(bench, bench.sink);
    const auto sink_after = cpu_of(bench.sink.process());
    return {{"rate", answer.rate},
            {"cpu_us", answer.cpu.count() * 1e6 / answer.requests},
            {"sink_cpu_us", (sink_after - sink_before).count() * 1e6 / answer.requests}};
}

Figures compare_with_plain(const std::function<Figures()>& plain,
                           const std::function<Figures()>& changed) {
    constexpr int turns = 4;
    struct Sums {
        double rate = 0;
        double cpu_us = 0;
        void add(const Figures& figures) {
            rate += figures.at(0).second / turns;
            cpu_us += figures.at(1).second / turns;
        }
    };
    Sums before;
    Sums after;
    for (int turn = 0; turn < turns; ++turn) {
        // Neither is always the first.
        if (turn % 2 == 0) before.add(plain());
        after.add(changed());
        if (turn % 2 != 0) before.add(plain());
    }
    return {{"rate", after.rate},
            {"of_plain", after.rate / before.rate},
            {"cpu_us", after.cpu_us},
            {"plain_cpu_us", before.cpu_us}};
}

double median_us(const std::function<void()>& action) {
    std::vector<double> times;
    for (int i = 0; i < 31; ++i) {
        const auto start = std::chrono::steady_clock::now();
        action();
        const std::chrono::duration<double, std::micro> took =
            std::chrono::steady_clock::now() - start;
        times.push_back(took.count());
    }
    std::ranges::nth_element(times, times.begin() + 15);
    return times[15];
}

double percentile_ms(const std::vector<std::chrono::microseconds>& values, double part) {
    if (values.empty()) return 0;
    const auto last = static_cast<double>(values.size() - 1);
    return static_cast<double>(values[static_cast<std::size_t>(last * part)].count()) / 1000;
}

}  // namespace bench
