#include <algorithm>
#include <delivery/low_water.hpp>

namespace webhooks::delivery {

void LowWater::settle(EventId id) {
    const auto entry = std::lower_bound(
        open_.begin(), open_.end(), id.value,
        [](const Entry& candidate, std::int64_t value) { return candidate.id < value; });
    if (entry == open_.end() || entry->id != id.value) return;
    entry->is_settled = true;
    while (!open_.empty() && open_.front().is_settled) {
        open_.pop_front();
    }
}

}  // namespace webhooks::delivery
