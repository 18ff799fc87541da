#include <service/recent_rates.hpp>

namespace webhooks::service {
namespace {

void add_to(Rates& sum, const Rates& more) {
    sum.published += more.published;
    sum.attempts += more.attempts;
    sum.delivered += more.delivered;
    sum.failed += more.failed;
}

}  // namespace

void RecentRates::add(const Rates& counts, SteadyTime now) {
    const std::int64_t number = number_at(now);
    Slot& slot = slots_[static_cast<std::size_t>(number) % slots_.size()];
    if (slot.number != number) slot = {.number = number, .counts = {}};
    add_to(slot.counts, counts);
}

Rates RecentRates::per_second(SteadyTime now) const {
    const std::int64_t oldest = number_at(now) - static_cast<std::int64_t>(slots_.size());
    Rates sum;
    for (const Slot& slot : slots_) {
        if (slot.number > oldest) add_to(sum, slot.counts);
    }
    const double seconds = static_cast<double>((slot_length * slots_.size()).count());
    return {.published = sum.published / seconds,
            .attempts = sum.attempts / seconds,
            .delivered = sum.delivered / seconds,
            .failed = sum.failed / seconds};
}

}  // namespace webhooks::service
