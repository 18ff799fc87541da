#include "feed_waits.hpp"

#include <algorithm>
#include <utility>
#include <vector>

namespace webhooks::http {

std::unique_ptr<FeedWaits::Place> FeedWaits::take(const std::string& user) {
    std::stop_source source;
    std::stop_source displaced(std::nostopstate);
    std::unique_ptr<Place> place;
    {
        const std::scoped_lock lock(mutex_);
        if (waits_.size() >= max_) displaced = make_room(user);
        if (waits_.size() >= max_) return nullptr;
        place = std::make_unique<Place>(shared_from_this(), ++last_number_, source);
        waits_.emplace(last_number_, Wait{.user = user, .source = source});
        ++of_user_[user];
        if (is_ended_) source.request_stop();
    }
    // Without the lock: its waiter is answered here.
    displaced.request_stop();
    return place;
}

std::stop_source FeedWaits::make_room(const std::string& user) {
    const auto most =
        std::ranges::max_element(of_user_, {}, [](const auto& of) { return of.second; });
    const auto own = of_user_.find(user);
    const std::size_t wanted = own == of_user_.end() ? 1 : own->second + 1;
    if (most == of_user_.end() || most->second <= wanted) return std::stop_source(std::nostopstate);
    const auto oldest = std::ranges::find_if(
        waits_, [&](const auto& wait) { return wait.second.user == most->first; });
    std::stop_source source = oldest->second.source;
    erase(oldest);
    return source;
}

void FeedWaits::end_all() {
    std::vector<std::stop_source> sources;
    {
        const std::scoped_lock lock(mutex_);
        is_ended_ = true;
        for (const auto& [number, wait] : waits_) {
            sources.push_back(wait.source);
        }
    }
    for (std::stop_source& source : sources) {
        source.request_stop();
    }
}

void FeedWaits::leave(std::uint64_t number) {
    const std::scoped_lock lock(mutex_);
    if (const auto found = waits_.find(number); found != waits_.end()) erase(found);
}

void FeedWaits::erase(std::map<std::uint64_t, Wait>::iterator wait) {
    const auto of = of_user_.find(wait->second.user);
    if (--of->second == 0) of_user_.erase(of);
    waits_.erase(wait);
}

}  // namespace webhooks::http
