#include <storage/sql/postgresql/due_cursor.hpp>

namespace webhooks::storage {

DueCursor::Place DueCursor::begin(SteadyTime now) {
    const std::scoped_lock lock(mutex_);
    if (place_.is_front() || now - left_front_ >= longest_way) {
        place_ = {};
        left_front_ = now;
    }
    return place_;
}

void DueCursor::advance(const Place& last) {
    const std::scoped_lock lock(mutex_);
    place_ = last;
}

void DueCursor::reset() {
    advance({});
}

}  // namespace webhooks::storage
