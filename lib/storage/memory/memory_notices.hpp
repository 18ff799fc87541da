#pragma once

#include <cstdint>
#include <deque>
#include <storage/notices.hpp>
#include <vector>
#include <webhooks/storage/subscription_store.hpp>

namespace webhooks::storage {

/// The notices of the last 24 hours. Not thread-safe.
class MemoryNotices {
public:
    std::int64_t last_number() const { return last_number_; }

    void add(Notice notice, Time now) {
        notice.number = ++last_number_;
        notices_.push_back({.notice = notice, .created_at = now});
    }
    std::vector<Notice> after(std::int64_t number) const {
        std::vector<Notice> found;
        for (const Stored& stored : notices_) {
            if (stored.notice.number > number) found.push_back(stored.notice);
        }
        return found;
    }
    /// @return the number of notices erased
    std::size_t erase_old(Time now) {
        return std::erase_if(notices_, [now](const Stored& stored) {
            return stored.created_at + notice_lifetime <= now;
        });
    }

private:
    struct Stored {
        Notice notice;
        Time created_at{};
    };

    std::deque<Stored> notices_;
    std::int64_t last_number_ = 0;
};

}  // namespace webhooks::storage
