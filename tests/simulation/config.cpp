#include "config.hpp"

#include <algorithm>
#include <sstream>

namespace webhooks::simulation {
namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;
using std::chrono::seconds;

/// A size between 1 and `largest` whose order of magnitude is as random as the size itself.
std::size_t size_up_to(Generator& random, std::size_t largest) {
    std::size_t limit = 1;
    while (limit < largest && random.chance(0.75)) {
        limit *= 4;
    }
    return 1 + random.below(std::min(limit, largest));
}

ServiceOptions make_options(Generator& random) {
    ServiceOptions options;
    options.retry_schedule.clear();
    for (int i = random.between(1, 4); i > 0; --i) {
        options.retry_schedule.emplace_back(random.between(1, 40));
    }
    options.retry_jitter = random.chance(0.5) ? 0.2 : 0;
    options.default_max_retry_count = random.between(0, 6);
    options.max_retry_after = seconds(random.between(1, 300));
    options.breaker_failures = random.between(1, 10);
    options.breaker_pause = milliseconds(random.between(100, 3000));
    options.breaker_max_pause = options.breaker_pause * random.between(1, 20);
    options.deactivate_after = random.chance(0.2) ? 10min : 0s;
    // Without chance of their own, so that seeds keep their meaning.
    options.failing_notice_after = options.retry_schedule.front();
    options.exhausted_notice_window = options.retry_jitter > 0 ? 10s : 0s;
    if (options.breaker_failures > 3) options.max_events_per_commit = 2;
    options.max_in_flight = size_up_to(random, 64);
    options.max_in_flight_per_host = size_up_to(random, 16);
    options.max_events_in_memory = random.chance(0.5) ? size_up_to(random, 20) : 1000;
    options.persist_after = milliseconds(random.between(100, 5000));
    options.max_batch = size_up_to(random, 100);
    options.heartbeat_interval = milliseconds(random.between(100, 2000));
    options.lease = std::max<milliseconds>(1s, options.heartbeat_interval * random.between(3, 6));
    options.max_payload_bytes = 2000;
    options.max_payload_bytes_in_memory =
        random.chance(0.3) ? 2000 * size_up_to(random, 20) : 10'000'000;
    options.retention = random.chance(0.1) ? 1h : 0h;
    return options;
}

Faults make_faults(Generator& random, const ServiceOptions& options) {
    Faults faults;
    const auto maybe = [&random](double share, double max) {
        return random.chance(share) ? max * static_cast<double>(random.between(1, 100)) / 100 : 0;
    };
    faults.rejected = maybe(0.35, 0.05);
    faults.answer_lost = maybe(0.35, 0.05);
    faults.pause = maybe(0.35, 0.01);
    faults.longest_pause = random.chance(0.5) ? Micros(options.lease) * 3 : Micros(500ms);
    faults.notice_lost = random.chance(0.5) ? maybe(1, 1) : 0;
    faults.crash_at_call = maybe(0.4, 0.002);
    faults.crash_at_request = maybe(0.25, 0.01);
    faults.no_memory = maybe(0.2, 0.3);
    faults.request_fails = maybe(0.6, 0.5);
    faults.request_not_sent = maybe(0.2, 0.1);
    faults.drift_ppm = random.chance(0.6) ? random.between(1, 200) : 0;
    faults.skew = random.chance(0.4) ? Micros(10min) : Micros(0);
    faults.clock_jump = maybe(0.2, 0.05);
    return faults;
}

}  // namespace

Config make_config(std::uint64_t seed, Backend backend) {
    Generator random(seed);
    Config config{.seed = seed, .backend = backend};
    // One running service has a file of SQLite at a time.
    config.workers = backend == Backend::sqlite ? 1 : random.between(1, 4);
    config.operations = random.between(20, backend == Backend::memory ? 600 : 100);
    config.length = random.between(Micros(1min), Micros(1h));
    config.call_latency = random.chance(0.5) ? random.between(Micros(0), Micros(20ms)) : Micros(0);
    config.answer_latency = random.between(Micros(0), Micros(random.chance(0.2) ? 15s : 500ms));
    config.restart_after = random.chance(0.5) ? Micros(1s) : Micros(60s);
    config.has_notices = random.chance(0.6);
    config.options = make_options(random);
    config.faults = make_faults(random, config.options);
    config.is_encrypted = backend != Backend::memory && random.chance(0.5);
    if (config.is_encrypted && random.chance(0.5)) config.faults.key_unavailable = 0.3;
    return config;
}

const std::vector<Switch>& switches() {
    static const std::vector<Switch> all = {
        {"rejected calls", [](Config& config) { config.faults.rejected = 0; }},
        {"lost answers", [](Config& config) { config.faults.answer_lost = 0; }},
        {"pauses", [](Config& config) { config.faults.pause = 0; }},
        {"lost notices", [](Config& config) { config.faults.notice_lost = 0; }},
        {"crashes at calls", [](Config& config) { config.faults.crash_at_call = 0; }},
        {"crashes at requests", [](Config& config) { config.faults.crash_at_request = 0; }},
        {"no memory", [](Config& config) { config.faults.no_memory = 0; }},
        {"failing endpoints", [](Config& config) { config.faults.request_fails = 0; }},
        {"local errors", [](Config& config) { config.faults.request_not_sent = 0; }},
        {"drift", [](Config& config) { config.faults.drift_ppm = 0; }},
        {"skew", [](Config& config) { config.faults.skew = Micros(0); }},
        {"clock jumps", [](Config& config) { config.faults.clock_jump = 0; }},
        {"unavailable keys", [](Config& config) { config.faults.key_unavailable = 0; }},
        {"encryption", [](Config& config) { config.is_encrypted = false; }},
        {"latency of calls", [](Config& config) { config.call_latency = Micros(0); }},
        {"latency of answers", [](Config& config) { config.answer_latency = Micros(0); }},
        {"small memory",
         [](Config& config) {
             config.options.max_events_in_memory = 1000;
             config.options.max_payload_bytes_in_memory = 10'000'000;
         }},
        {"more than two workers",
         [](Config& config) { config.workers = std::min(config.workers, 2); }},
    };
    return all;
}

std::string describe(const Config& config) {
    std::ostringstream out;
    const Faults& faults = config.faults;
    const ServiceOptions& options = config.options;
    out << config.workers << " workers, " << config.operations << " operations in "
        << config.length.count() / 1'000'000 << " s; heartbeat "
        << options.heartbeat_interval.count() << " ms, lease " << options.lease.count()
        << " ms, memory " << options.max_events_in_memory << " events"
        << (config.is_encrypted ? ", encrypted" : "") << "; faults:";
    const auto tell = [&out](const char* name, double value) {
        if (value > 0) out << ' ' << name << '=' << value;
    };
    tell("rejected", faults.rejected);
    tell("answer_lost", faults.answer_lost);
    tell("pause", faults.pause);
    tell("notice_lost", config.has_notices ? faults.notice_lost : 1);
    tell("crash_at_call", faults.crash_at_call);
    tell("crash_at_request", faults.crash_at_request);
    tell("no_memory", faults.no_memory);
    tell("request_fails", faults.request_fails);
    tell("request_not_sent", faults.request_not_sent);
    tell("drift_ppm", faults.drift_ppm);
    tell("skew_s", static_cast<double>(faults.skew.count()) / 1e6);
    tell("clock_jump", faults.clock_jump);
    tell("key_unavailable", faults.key_unavailable);
    return out.str();
}

}  // namespace webhooks::simulation
