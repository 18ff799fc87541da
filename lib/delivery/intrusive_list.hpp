#pragma once

#include <list>

namespace webhooks::delivery {

/// A list of elements that wait for their turn, in order.
template <class T>
using IntrusiveList = std::list<T*>;

/// An element's node in at most one list at a time. Elements contain their own nodes, so that
/// inserting and removing neither allocate nor search.
template <class T>
class ListHook {
public:
    explicit ListHook(T* owner) : node_{owner} {}
    ListHook(const ListHook&) = delete;
    ListHook& operator=(const ListHook&) = delete;
    ~ListHook() { leave(); }

    bool is_linked() const noexcept { return list_ != nullptr; }

    /// Moves to the end of a list, also from another position in it.
    void enter(IntrusiveList<T>& list) {
        leave();
        list.splice(list.end(), node_);
        place_ = std::prev(list.end());
        list_ = &list;
    }

    void leave() {
        if (!list_) return;
        node_.splice(node_.end(), *list_, place_);
        list_ = nullptr;
    }

private:
    IntrusiveList<T> node_;
    IntrusiveList<T>* list_ = nullptr;
    typename IntrusiveList<T>::iterator place_{};
};

}  // namespace webhooks::delivery
