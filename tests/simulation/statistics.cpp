#include "statistics.hpp"

#include <iomanip>
#include <sstream>

namespace webhooks::simulation {

Statistics& Statistics::operator+=(const Statistics& other) {
    virtual_time += other.virtual_time;
    events += other.events;
    fanned_out += other.fanned_out;
    operational += other.operational;
    requests += other.requests;
    calls += other.calls;
    crashes += other.crashes;
    stops += other.stops;
    answers_lost += other.answers_lost;
    pauses += other.pauses;
    out_of_memory += other.out_of_memory;
    keys_unavailable += other.keys_unavailable;
    return *this;
}

std::string Statistics::text() const {
    std::ostringstream out;
    const double days = static_cast<double>(virtual_time.count()) / 86'400e6;
    out << std::fixed << std::setprecision(1) << days << " virtual days, " << events << " events, "
        << fanned_out << " in slices, " << operational << " operational ones, " << requests
        << " requests, " << calls << " storage calls; survived " << crashes << " crashes, " << stops
        << " stops, " << answers_lost << " lost answers, " << pauses << " pauses, " << out_of_memory
        << " failed allocations, " << keys_unavailable << " keys that could not be obtained";
    return out.str();
}

}  // namespace webhooks::simulation
