#include <algorithm>
#include <service/low_water.hpp>

namespace webhooks::service {

void LowWater::mark_done(EventId id) {
    const auto entry = std::lower_bound(
        open_.begin(), open_.end(), id.value,
        [](const Entry& candidate, std::int64_t value) { return candidate.id < value; });
    if (entry == open_.end() || entry->id != id.value) return;
    entry->is_done = true;
    while (!open_.empty() && open_.front().is_done) {
        open_.pop_front();
    }
}

}  // namespace webhooks::service
