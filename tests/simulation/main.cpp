/// Runs the simulation, seed after seed. docs/testing.md tells what it is.

#include <charconv>
#include <chrono>
#include <iostream>
#include <optional>
#include <random>
#include <string>
#include <string_view>

#include "run.hpp"

namespace {

using namespace webhooks::simulation;
using Clock = std::chrono::steady_clock;

constexpr std::string_view usage =
    R"(usage: webhooks_simulation [SECONDS] [OPTION…]

Runs one seed after another for SECONDS (default: 20), until one breaks an invariant.
  --seed N       begin with this one, and run it alone unless SECONDS or --count say more
  --count N      run N seeds
  --backend B    memory (the default), sqlite or postgresql
  --workers N    use N workers in each seed
  --trace        print each step
  --twice        run each seed again, and compare the traces
  --keep-going   run on after a seed that breaks an invariant, and make none smaller
)";

struct Arguments {
    std::uint64_t seed = std::random_device{}();
    std::optional<std::uint64_t> seconds;
    std::optional<std::uint64_t> count;
    std::optional<std::uint64_t> workers;
    Backend backend = Backend::memory;
    bool has_seed = false;
    bool prints_trace = false;
    bool keeps_going = false;
    bool runs_twice = false;
};

[[noreturn]] void reject(std::string_view what) {
    std::cerr << "webhooks_simulation: " << what << "\n\n" << usage;
    std::exit(2);
}

std::uint64_t number(std::string_view text) {
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size()) {
        reject("not a number: " + std::string(text));
    }
    return value;
}

Backend backend_named(std::string_view name) {
    if (name == "memory") return Backend::memory;
    if (name == "sqlite") return Backend::sqlite;
    if (name == "postgresql") return Backend::postgresql;
    reject("no such backend: " + std::string(name));
}

Arguments parse(int argc, char** argv) {
    Arguments arguments;
    for (int i = 1; i < argc; ++i) {
        const std::string_view name = argv[i];
        const auto value = [&]() -> std::string_view {
            return ++i < argc ? argv[i] : (reject(std::string(name) + " needs a value"), "");
        };
        if (name == "--seed") {
            arguments.seed = number(value());
            arguments.has_seed = true;
        } else if (name == "--count") {
            arguments.count = number(value());
        } else if (name == "--workers") {
            arguments.workers = number(value());
        } else if (name == "--backend") {
            arguments.backend = backend_named(value());
        } else if (name == "--trace") {
            arguments.prints_trace = true;
        } else if (name == "--twice") {
            arguments.runs_twice = true;
        } else if (name == "--help") {
            std::cout << usage;
            std::exit(0);
        } else if (name == "--keep-going") {
            arguments.keeps_going = true;
        } else {
            arguments.seconds = number(name);
        }
    }
    if (!arguments.seconds && !arguments.count) {
        (arguments.has_seed ? arguments.count : arguments.seconds) = arguments.has_seed ? 1 : 20;
    }
    return arguments;
}

Case case_of(std::uint64_t seed, const Arguments& arguments) {
    Case given = make_case(seed, arguments.backend);
    if (arguments.workers) given.config.workers = static_cast<int>(*arguments.workers);
    return given;
}

void explain(const Case& given, bool prints_trace) {
    std::cout << "made smaller: " << describe(given.config) << '\n';
    std::cout << given.operations.size() << " operations are left:\n";
    for (const Operation& operation : given.operations) {
        std::cout << "  " << operation.at.count() << ' ' << name_of(operation) << '\n';
    }
    const RunResult result = run(given, prints_trace);
    std::cout << "the last steps (--trace shows all), by microseconds:\n";
    for (const std::string& step : result.last_steps) {
        std::cout << "  " << step;
    }
    std::cout << "breaks: " << result.broken << '\n';
}

/// What is wrong with a run; empty: nothing.
std::string judge(const Case& given, const RunResult& result, const Arguments& arguments) {
    if (!arguments.runs_twice || !result.broken.empty()) return result.broken;
    return run(given).trace_digest == result.trace_digest ? "" : "the same seed, the same trace";
}

/// The options that a repetition needs in addition to the seed.
std::string options(const Arguments& arguments) {
    std::string text;
    if (arguments.backend == Backend::sqlite) text += " --backend sqlite";
    if (arguments.backend == Backend::postgresql) text += " --backend postgresql";
    if (arguments.workers) text += " --workers " + std::to_string(*arguments.workers);
    return text;
}

/// @return whether all invariants hold.
bool run_seed(std::uint64_t seed, const Arguments& arguments, Statistics& sum) {
    const Case given = case_of(seed, arguments);
    const RunResult result = run(given, arguments.prints_trace);
    sum += result.statistics;
    const std::string broken = judge(given, result, arguments);
    if (broken.empty()) return true;
    std::cout << "seed " << seed << " breaks: " << broken << std::endl;
    if (!arguments.keeps_going && !result.broken.empty()) {
        std::cout << describe(given.config) << '\n';
        explain(shrink(given, std::chrono::seconds(60)), arguments.prints_trace);
        std::cout << "repeat it by: ./dev simulate --seed " << seed << options(arguments)
                  << std::endl;
    }
    return false;
}

}  // namespace

int main(int argc, char** argv) {
    const Arguments arguments = parse(argc, argv);
    std::cout << "seed " << arguments.seed << std::endl;
    const Clock::time_point began = Clock::now();
    Statistics sum;
    std::uint64_t done = 0;
    std::uint64_t broken = 0;
    const auto is_more = [&] {
        if (broken > 0 && !arguments.keeps_going) return false;
        if (arguments.count) return done < *arguments.count;
        return Clock::now() - began < std::chrono::seconds(*arguments.seconds);
    };
    do {
        if (!run_seed(arguments.seed + done, arguments, sum)) ++broken;
        ++done;
    } while (is_more());
    const std::chrono::duration<double> took = Clock::now() - began;
    std::cout << done << " seeds in " << took.count() << " s, " << broken
              << " broken: " << sum.text() << std::endl;
    return broken == 0 ? 0 : 1;
}
