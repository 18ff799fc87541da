#pragma once

#include <list>

namespace webhooks::delivery {

/// Things that wait for their turn, the first in front.
template <class T>
using Ring = std::list<T*>;

/// A thing's place in at most one ring at a time. It brings its own node, so that entering and
/// leaving neither allocate nor search.
template <class T>
class RingPlace {
public:
    explicit RingPlace(T* owner) : node_{owner} {}
    RingPlace(const RingPlace&) = delete;
    RingPlace& operator=(const RingPlace&) = delete;
    ~RingPlace() { leave(); }

    bool is_in_ring() const noexcept { return ring_ != nullptr; }

    /// Goes to the end of a ring, also from another place in it.
    void enter(Ring<T>& ring) {
        leave();
        ring.splice(ring.end(), node_);
        place_ = std::prev(ring.end());
        ring_ = &ring;
    }

    void leave() {
        if (!ring_) return;
        node_.splice(node_.end(), *ring_, place_);
        ring_ = nullptr;
    }

private:
    Ring<T> node_;
    Ring<T>* ring_ = nullptr;
    typename Ring<T>::iterator place_{};
};

}  // namespace webhooks::delivery
