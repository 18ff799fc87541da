#include <sstream>
#include <storage/fan_out.hpp>

namespace webhooks::storage {

std::vector<Slice> slices_of(const Append& append, EventId first, std::size_t slice_size) {
    std::vector<Slice> slices;
    const std::vector<SubscriptionId>& all = append.subscriptions;
    for (std::size_t done = 0; done < all.size(); done += slice_size) {
        const auto from = all.begin() + static_cast<std::ptrdiff_t>(done);
        const std::size_t count = std::min(slice_size, all.size() - done);
        slices.push_back({.first = {first.value + static_cast<std::int64_t>(done)},
                          .subscriptions = {from, from + static_cast<std::ptrdiff_t>(count)}});
    }
    return slices;
}

std::string write_ids(const std::vector<SubscriptionId>& ids) {
    std::string text;
    for (const SubscriptionId id : ids) {
        if (!text.empty()) text += ' ';
        text += std::to_string(id.value);
    }
    return text;
}

std::vector<SubscriptionId> read_ids(const std::string& text) {
    std::vector<SubscriptionId> ids;
    std::istringstream in(text);
    for (std::int64_t id = 0; in >> id;) {
        ids.push_back({id});
    }
    return ids;
}

Error too_many_waiting() {
    return {Errc::overloaded,
            "earlier large publications are still being written; try again later"};
}

}  // namespace webhooks::storage
