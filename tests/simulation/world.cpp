#include "world.hpp"

#include <algorithm>
#include <iostream>

#include "checks.hpp"
#include "keys.hpp"
#include "reading.hpp"

namespace webhooks::simulation {
namespace {

using namespace std::chrono_literals;

/// Steps and operations in one moment: more of them is no progress.
constexpr int max_steps_at_once = 20'000;
constexpr std::size_t max_last_steps = 40;
/// Pauses inside pauses.
constexpr int max_depth = 4;
/// In which all must have ended once nothing fails any more, whatever was retried before.
constexpr Micros longest_settling = 24h;

}  // namespace

World::World(const Config& given, bool prints_trace)
    : config(given),
      random(given.seed ^ 0x5bf03635),
      storage_clock(now, Micros(0),
                    random.between(-given.faults.drift_ppm, given.faults.drift_ppm)),
      library_random(std::make_shared<testing::SeededRandom>(given.seed)),
      network(*this),
      prints_trace_(prints_trace) {
    const std::shared_ptr<webhooks::Clock> clock(std::shared_ptr<void>(), &storage_clock);
    DatabaseKeys keys;
    if (config.is_encrypted) {
        keys = {.of_processes = std::make_shared<Keys>(*this, config.faults.key_unavailable),
                .of_reader = std::make_shared<Keys>(*this, 0)};
    }
    database = make_database(config.backend, clock, library_random, keys);
    for (const std::string& type : event_types()) {
        database->reader().upsert_event_type({.name = type, .description = ""}).value();
    }
    for (int i = 0; i < config.workers; ++i) {
        processes.push_back(std::make_unique<Process>(*this, i));
    }
}

World::~World() = default;

void World::fail(const std::string& what) const {
    if (broken_.empty()) broken_ = what;
    throw Violation(what);
}

void World::trace(const std::string& line) {
    const std::string text = std::to_string(now.count()) + ' ' + line + '\n';
    for (const char character : text) {
        digest_ = (digest_ ^ static_cast<unsigned char>(character)) * 1099511628211U;
    }
    if (prints_trace_) std::cout << text;
    if (!broken_.empty()) return;  // What follows are the processes that are taken down.
    last_steps_.push_back(text);
    if (last_steps_.size() > max_last_steps) last_steps_.pop_front();
}

void World::notify_others(const Process& changer) {
    for (const auto& process : processes) {
        if (process.get() == &changer || !config.has_notices) continue;
        if (has_faults && random.chance(config.faults.notice_lost)) continue;
        process->notify();
    }
}

Process* World::pick_process() {
    std::vector<Process*> ready;
    for (const auto& process : processes) {
        if (process->is_ready()) ready.push_back(process.get());
    }
    return ready.empty() ? nullptr : random.pick(ready);
}

// ---- Time.

/// Of those that have something to do at the same moment, any may be first.
World::Next World::find_next() {
    Next next;
    if (next_operation_ < operations_->size()) next.at = (*operations_)[next_operation_].at;
    std::size_t candidates = 1;
    for (const auto& process : processes) {
        const Micros at = std::max(process->wake(), now);
        if (at == Micros::max() || at > next.at) continue;
        candidates = at < next.at ? 1 : candidates + 1;
        if (candidates == 1 || random.below(candidates) == 0)
            next = {.at = at, .process = process.get()};
    }
    return next;
}

void World::step(const Next& next) {
    const Micros before = now;
    now = std::max(now, next.at);
    if (next.process != nullptr) {
        next.process->turn();
    } else {
        const Operation& operation = (*operations_)[next_operation_++];
        trace(name_of(operation));
        perform(*this, operation);
    }
    if (!broken_.empty()) throw Violation(broken_);
    count_step(before);
}

void World::count_step(Micros before) {
    steps_at_once_ = now > before ? 0 : steps_at_once_ + 1;
    if (steps_at_once_ > max_steps_at_once) fail("no time passes: something goes round in circles");
}

void World::run_until(Micros time) {
    if (depth_ < max_depth) {
        ++depth_;
        for (Next next = find_next(); next.at < time; next = find_next()) {
            step(next);
        }
        --depth_;
    }
    now = std::max(now, time);
}

void World::run(const std::vector<Operation>& operations) {
    operations_ = &operations;
    has_faults = true;
    run_until(config.length);
    has_faults = false;
    settle();
    check_end();
    statistics.virtual_time = now;
}

void World::settle() {
    const Micros end = now + longest_settling;
    while (now < end && !has_ended()) {
        run_until(now + 10s);
    }
    // Nothing more may come, and maintenance has its turn.
    run_until(now + 2 * Micros(config.options.lease) + 2min);
}

bool World::has_ended() const {
    if (model.left_to_make > 0) return false;
    for (const auto& [id, event] : model.events) {
        const bool is_gone =
            event.deleted || model.subscriptions.at(event.subscription).current().is_deleted;
        if (!is_gone && !event.has_ended()) return false;
    }
    // Some wait to be told as a number.
    return std::ranges::all_of(model.told, [this](const auto& each) {
        return each.second.exhausted == model.count_exhausted(each.first);
    });
}

void World::check_end() {
    for (const auto& [id, event] : model.events) {
        const Result<EventHistory> stored =
            database->reader().find_event(auditor, event.subscription, id);
        check(Ending{.world = *this, .event = event, .stored = stored ? &stored.value() : nullptr});
    }
    for (const auto& [id, identity] : model.identities) {
        if (!identity.ended && identity.low_water < identity.last_appended) {
            fail("a worker's low-water mark does not follow what it has done");
        }
    }
    for (const auto& [id, told] : model.told) {
        if (told.exhausted != model.count_exhausted(id)) {
            fail("exhausted events were not told");
        }
    }
    for (const auto& process : processes) {
        if (process->metric("webhooks_events_in_memory").value_or(0) > 0) {
            fail("a service that has nothing to do has events in memory");
        }
    }
    if (model.left_to_make > 0 || !model.fanned_out.empty())
        fail("events of a publication were never made");
    check_reading(*this);
}

}  // namespace webhooks::simulation
