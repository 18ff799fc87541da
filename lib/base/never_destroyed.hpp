#pragma once

#include <cstddef>
#include <new>
#include <utility>

namespace webhooks {

/// What a static object holds instead of an object with a destructor: `exit` destroys static
/// objects while threads of the host, and of services that it has not stopped yet, still use them.
/// It belongs into a function: a host's static object may open a service before the static objects
/// outside of functions are initialized (decision 61).
template <class T>
class NeverDestroyed {
public:
    template <class... Arguments>
    NeverDestroyed(Arguments&&... arguments) {
        ::new (static_cast<void*>(place_)) T(std::forward<Arguments>(arguments)...);
    }
    NeverDestroyed(const NeverDestroyed&) = delete;
    NeverDestroyed& operator=(const NeverDestroyed&) = delete;

    const T& operator*() const noexcept {
        return *std::launder(reinterpret_cast<const T*>(place_));
    }
    const T* operator->() const noexcept { return &**this; }

private:
    alignas(T) std::byte place_[sizeof(T)];
};

}  // namespace webhooks
