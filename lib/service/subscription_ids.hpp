#pragma once

#include <algorithm>
#include <memory>
#include <vector>
#include <webhooks/ids.hpp>

namespace webhooks::service {

/// Ids, ascending. A service has very many lists, most of them of one id, which takes no memory
/// besides.
class SubscriptionIds {
public:
    bool empty() const noexcept { return first_ == none; }

    void insert(SubscriptionId id) {
        if (empty()) first_ = id;
        if (id == first_) return;
        if (!rest_) rest_ = std::make_unique<std::vector<SubscriptionId>>();
        const SubscriptionId later = std::max(id, first_);
        const auto place = std::ranges::lower_bound(*rest_, later);
        if (place == rest_->end() || *place != later) rest_->insert(place, later);
        first_ = std::min(id, first_);
    }

    void erase(SubscriptionId id) noexcept {
        if (!rest_) {
            if (id == first_) first_ = none;
            return;
        }
        if (id == first_) id = first_ = rest_->front();
        const auto place = std::ranges::lower_bound(*rest_, id);
        if (place != rest_->end() && *place == id) rest_->erase(place);
        if (rest_->empty()) rest_.reset();
    }

    template <class Use>
    void for_each(Use use) const {
        if (!empty()) use(first_);
        if (rest_) std::ranges::for_each(*rest_, use);
    }

private:
    static constexpr SubscriptionId none{};

    SubscriptionId first_ = none;
    std::unique_ptr<std::vector<SubscriptionId>> rest_;  ///< Not empty.
};

}  // namespace webhooks::service
