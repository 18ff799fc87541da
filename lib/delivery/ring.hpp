#pragma once

#include <list>

namespace webhooks::delivery {

/// A list of elements that wait for their turn, in order.
template <class T>
using Ring = std::list<T*>;

/// An element's node in at most one ring at a time. Elements contain their own nodes, so that
/// inserting and removing neither allocate nor search.
template <class T>
class RingPlace {
public:
    explicit RingPlace(T* owner) : node_{owner} {}
    RingPlace(const RingPlace&) = delete;
    RingPlace& operator=(const RingPlace&) = delete;
    ~RingPlace() { leave(); }

    bool is_in_ring() const noexcept { return ring_ != nullptr; }

    /// Moves to the end of a ring, also from another position in it.
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
