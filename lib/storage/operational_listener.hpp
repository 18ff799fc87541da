#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>
#include <webhooks/operational.hpp>

namespace webhooks::storage {

/// The callback for operational events. All member functions may be called from any thread.
class OperationalListener {
public:
    using Callback = std::function<void(const OperationalEvent&)>;

    void set(Callback callback) {
        auto shared = callback ? std::make_shared<const Callback>(std::move(callback)) : nullptr;
        const std::scoped_lock lock(mutex_);
        callback_.swap(shared);
    }

    /// Calls it without a lock, because it may call the storage.
    void report(const std::vector<OperationalEvent>& events) {
        if (events.empty()) return;
        std::shared_ptr<const Callback> callback;
        {
            const std::scoped_lock lock(mutex_);
            callback = callback_;
        }
        if (!callback) return;
        for (const OperationalEvent& event : events) {
            (*callback)(event);
        }
    }

private:
    std::mutex mutex_;
    std::shared_ptr<const Callback> callback_;
};

}  // namespace webhooks::storage
