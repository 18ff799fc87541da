#pragma once

#include <cstdint>
#include <string>
#include <vector>
#include <webhooks/options.hpp>

#include "generator.hpp"

namespace webhooks::simulation {

enum class Backend : std::uint8_t { memory, sqlite, postgresql };

/// What may go wrong, and how often. A probability of 0 switches a fault off.
struct Faults {
    double rejected = 0;       ///< Of each storage call: it fails before it does anything.
    double answer_lost = 0;    ///< Of each storage call: it does its work; the answer is lost.
    double pause = 0;          ///< Of each storage call: its process stands still before or after.
    Micros longest_pause{0};   ///< May be longer than the lease.
    double notice_lost = 0;    ///< Of each notice that something has changed.
    double crash_at_call = 0;  ///< Of each storage call: the process ends there.
    double crash_at_request = 0;
    double no_memory = 0;         ///< Of each turn: one of its allocations fails.
    double request_fails = 0;     ///< Of each request: an endpoint's failure.
    double request_not_sent = 0;  ///< Of each request: a local error.
    int drift_ppm = 0;            ///< Clocks gain or lose up to this much.
    Micros skew{0};               ///< Wall clocks differ by up to this much.
    double clock_jump = 0;        ///< Of each operation: the wall clock of a process is set.
    double key_unavailable = 0;   ///< Of each request for an encryption key.
};

/// All that a seed decides before the first step. Each seed has a few faults only, and sizes of its
/// own: what many faults together would hide shows in one of these.
struct Config {
    std::uint64_t seed = 0;
    Backend backend = Backend::memory;
    int workers = 1;
    int operations = 0;
    Micros length{0};           ///< Operations and faults happen for so long; then all must settle.
    Micros call_latency{0};     ///< A storage call takes up to this.
    Micros answer_latency{0};   ///< An endpoint takes up to this.
    Micros restart_after{0};    ///< A crashed process comes back after up to this.
    bool has_notices = true;    ///< Storage tells workers of changes.
    bool is_encrypted = false;  ///< Payloads and responses are, in SQL storages.
    Faults faults = {};
    ServiceOptions options = {};
};

Config make_config(std::uint64_t seed, Backend backend);
std::string describe(const Config& config);

/// One fault that the shrinker can switch off.
struct Switch {
    const char* name;
    void (*turn_off)(Config&);
};
const std::vector<Switch>& switches();

}  // namespace webhooks::simulation
