#pragma once

#include <cstddef>
#include <list>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <webhooks/time.hpp>

namespace webhooks::transport {

/// Cached values for hosts or origins, by name, each with its expiry time. When the cache is full,
/// the oldest entry is removed.
/// @tparam Value a pointer: null means that nothing is cached
template <class Value>
class ExpiringCache {
public:
    /// @pre capacity > 0
    explicit ExpiringCache(std::size_t capacity) : capacity_(capacity) {}

    void put(const std::string& name, Value value, SteadyTime until) {
        drop(name);
        if (by_age_.size() == capacity_) drop(by_age_.front().name);
        by_age_.push_back({name, std::move(value), until});
        by_name_[by_age_.back().name] = std::prev(by_age_.end());
    }

    /// @return null if nothing is cached for the name, or it has expired.
    Value find(const std::string& name, SteadyTime now) {
        const auto found = by_name_.find(name);
        if (found == by_name_.end()) return nullptr;
        if (now < found->second->until) return found->second->value;
        drop(name);
        return nullptr;
    }

    void drop(std::string_view name) {
        const auto found = by_name_.find(name);
        if (found == by_name_.end()) return;
        const Place place = found->second;
        by_name_.erase(found);
        by_age_.erase(place);
    }

    std::size_t size() const noexcept { return by_age_.size(); }

private:
    struct Entry {
        std::string name;
        Value value;
        SteadyTime until;
    };
    using Place = typename std::list<Entry>::iterator;

    std::size_t capacity_;
    std::list<Entry> by_age_;
    std::unordered_map<std::string_view, Place> by_name_;  ///< Keyed by the entry's own text.
};

}  // namespace webhooks::transport
