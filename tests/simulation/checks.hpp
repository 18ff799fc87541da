#pragma once

/// @file
/// The invariants. Each is a row of a table: what holds, and how to tell. To add one, add a row.

#include <webhooks/storage.hpp>
#include <webhooks/transport.hpp>

#include "generator.hpp"

namespace webhooks::simulation {

class Process;
class World;
struct EventState;

/// One invariant about a `Subject`.
template <class Subject>
struct Check {
    const char* holds;
    bool (*is_kept)(const Subject&);
};

/// A request as an endpoint gets it.
struct Arrival {
    const World& world;
    const Process& process;
    const OutgoingRequest& request;
    const EventState& event;
};
/// An attempt that a worker has just recorded of an event that it holds.
struct Record {
    const World& world;
    const AttemptRecord& record;
    const EventState& event;  ///< As it was before.
};
/// An event that a worker has just taken from storage.
struct Taken {
    const World& world;
    WorkerId worker;
    const HeldEvent& held;
    const EventState& event;  ///< As it was before.
};
/// An event once nothing has failed for long enough that all must have ended.
struct Ending {
    const World& world;
    const EventState& event;
    const EventHistory* stored;  ///< Null: it is gone.
};

/// Whether the process must know by now that something has changed at that time.
bool must_know(const World& world, const Process& process, Micros changed);

/// Each ends the run when an invariant is broken.
void check(const Arrival& arrival);
void check(const Record& record);
void check(const Taken& taken);
void check(const Ending& ending);

}  // namespace webhooks::simulation
