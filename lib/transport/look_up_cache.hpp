#pragma once

#include <cstddef>
#include <list>
#include <memory>
#include <string>
#include <string_view>
#include <transport/dns_channel.hpp>
#include <unordered_map>
#include <utility>
#include <webhooks/time.hpp>

namespace webhooks::transport {

/// What look-ups came to, each kept for its time. When there are too many names, the one that was
/// put in first goes.
class LookUpCache {
public:
    using Answer = std::shared_ptr<const Resolved>;

    /// @pre capacity > 0
    explicit LookUpCache(std::size_t capacity) : capacity_(capacity) {}

    void put(const std::string& host, Answer answer, SteadyTime until) {
        drop(host);
        if (by_age_.size() == capacity_) drop(by_age_.front().host);
        by_age_.push_back({host, std::move(answer), until});
        by_host_[by_age_.back().host] = std::prev(by_age_.end());
    }

    /// @return null when nothing is known of the host, or no longer.
    Answer find(const std::string& host, SteadyTime now) {
        const auto found = by_host_.find(host);
        if (found == by_host_.end()) return nullptr;
        if (now < found->second->until) return found->second->answer;
        drop(host);
        return nullptr;
    }

    std::size_t size() const noexcept { return by_age_.size(); }

private:
    struct Entry {
        std::string host;
        Answer answer;
        SteadyTime until;
    };
    using Place = std::list<Entry>::iterator;

    void drop(std::string_view host) {
        const auto found = by_host_.find(host);
        if (found == by_host_.end()) return;
        const Place place = found->second;
        by_host_.erase(found);
        by_age_.erase(place);
    }

    std::size_t capacity_;
    std::list<Entry> by_age_;
    std::unordered_map<std::string_view, Place> by_host_;  ///< By the entry's own text.
};

}  // namespace webhooks::transport
