#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>
#include <webhooks/storage.hpp>
#include <webhooks/testing/seeded_random.hpp>

#include "backend.hpp"
#include "clock.hpp"
#include "config.hpp"
#include "model.hpp"
#include "network.hpp"
#include "operation.hpp"
#include "process.hpp"
#include "statistics.hpp"

namespace webhooks::simulation {

/// An invariant was broken.
struct Violation : std::runtime_error {
    using std::runtime_error::runtime_error;
};

/// One run: processes with workers of their own on one storage, endpoints, and time, which passes
/// when nothing is left to be done at a moment. All of it in one thread; all chance comes from one
/// generator.
class World {
public:
    World(const Config& config, bool prints_trace);
    ~World();

    /// Does the operations at their times under faults, then lets all settle without them, and
    /// checks the end. @throws Violation
    void run(const std::vector<Operation>& operations);

    /// Lets other processes work until then. @pre the caller's process is marked busy.
    void run_until(Micros time);
    /// Time passes in which no other process works.
    void pass(Micros time) { now += time; }

    /// Notes an invariant that is broken, and throws it: the library may catch it, `run` looks.
    [[noreturn]] void fail(const std::string& what) const;
    /// A line of the trace: two runs of a seed have the same ones.
    void trace(const std::string& line);
    std::uint64_t trace_digest() const { return digest_; }
    const std::deque<std::string>& last_steps() const { return last_steps_; }

    /// By which leases expire.
    Micros storage_time() const {
        return std::chrono::duration_cast<Micros>(storage_clock.steady_now().time_since_epoch());
    }

    /// Tells all processes but one that something has changed.
    void notify_others(const Process& changer);
    /// A process that can be called now; null where there is none.
    Process* pick_process();

    const Config config;
    /// Who reads what is stored.
    const Principal auditor = Principal::administrator("auditor");
    Micros now{0};
    Generator random;
    bool has_faults = false;  ///< While operations happen.
    DriftingClock storage_clock;
    std::shared_ptr<testing::SeededRandom> library_random;
    Model model;
    Network network;
    Statistics statistics;
    std::unique_ptr<Database> database;
    std::vector<std::unique_ptr<Process>> processes;

private:
    /// What happens next, and when.
    struct Next {
        Micros at = Micros::max();
        Process* process = nullptr;  ///< Null: an operation.
    };

    Next find_next();
    void step(const Next& next);
    void count_step(Micros before);
    void settle();
    void check_end();
    bool has_ended() const;

    const bool prints_trace_;
    const std::vector<Operation>* operations_ = nullptr;
    std::size_t next_operation_ = 0;
    int depth_ = 0;
    int steps_at_once_ = 0;
    std::uint64_t digest_ = 14695981039346656037U;
    std::deque<std::string> last_steps_;
    mutable std::string broken_;
};

}  // namespace webhooks::simulation
