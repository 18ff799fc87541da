#pragma once

#include <cstddef>
#include <vector>
#include <webhooks/storage/delivery_log.hpp>

namespace webhooks::delivery {

/// What storage says of the events that are in memory behind others with the same ordering key.
struct TurnNews {
    std::vector<HeldEvent> behind = {};  ///< New ones.
    std::vector<EventId> turns = {};     ///< Their turn has come.
    std::vector<EventId> returned = {};  ///< They wait in storage.
    bool returns_all = false;            ///< It is unknown which: all of them go to storage.

    std::size_t size() const {
        return behind.size() + turns.size() + returned.size() + (returns_all ? 1 : 0);
    }
};

}  // namespace webhooks::delivery
