#pragma once

#include <cstddef>
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <transport/idle_limit.hpp>
#include <unordered_map>
#include <utility>
#include <vector>
#include <webhooks/time.hpp>

namespace webhooks::transport {

/// The idle connections of one thread: the newest of a key is used first, and the oldest of all is
/// dropped first.
/// Knows nothing of sockets: connections close themselves when they are destroyed.
template <class Key, class Connection, class Hash = std::hash<Key>>
class IdlePool {
public:
    IdlePool(std::shared_ptr<IdleLimit> limit, SteadyTime::duration keep)
        : limit_(std::move(limit)), keep_(keep) {}

    /// Where there is no room, the oldest connection of this pool is dropped, or this one.
    void put(const Key& key, Connection connection, SteadyTime now) {
        if (keep_ <= SteadyTime::duration::zero()) return;
        IdleLimit::Place room = limit_->take();
        if (!room && drop_oldest()) room = limit_->take();
        if (!room) return;
        Places& places = by_key_[key];
        by_age_.push_back({std::move(connection), now, &places, std::move(room)});
        places.push_back(std::prev(by_age_.end()));
    }

    std::optional<Connection> take(const Key& key) {
        const auto found = by_key_.find(key);
        if (found == by_key_.end() || found->second.empty()) return std::nullopt;
        const Place place = found->second.back();
        found->second.pop_back();
        Connection connection = std::move(place->connection);
        by_age_.erase(place);
        return connection;
    }

    /// Drops the connection that has been idle longest. @return false if there is none
    bool drop_oldest() {
        if (by_age_.empty()) return false;
        drop(by_age_.begin());
        return true;
    }

    /// Drops connections that were idle for too long, and those for which `is_dead` is true; and
    /// forgets the keys that have none.
    template <class IsDead>
    void drop_unusable(SteadyTime now, IsDead is_dead) {
        for (Place place = by_age_.begin(); place != by_age_.end();) {
            const Place next = std::next(place);
            if (now - place->since >= keep_ || is_dead(place->connection)) drop(place);
            place = next;
        }
        std::erase_if(by_key_, [](const auto& entry) { return entry.second.empty(); });
    }

    void clear() {
        by_key_.clear();
        by_age_.clear();
    }

    std::size_t size() const noexcept { return by_age_.size(); }

private:
    struct Entry;
    using Place = typename std::list<Entry>::iterator;
    using Places = std::vector<Place>;
    struct Entry {
        Connection connection;
        SteadyTime since;
        Places* siblings;  ///< Those of its key, oldest first.
        IdleLimit::Place room;
    };

    void drop(Place place) {
        std::erase(*place->siblings, place);
        by_age_.erase(place);
    }

    const std::shared_ptr<IdleLimit> limit_;
    SteadyTime::duration keep_;
    std::list<Entry> by_age_;
    /// A key often gets a connection back soon after its last one was taken: it stays for a while.
    std::unordered_map<Key, Places, Hash> by_key_;
};

}  // namespace webhooks::transport
