#include <algorithm>
#include <service/feed_waiters.hpp>
#include <webhooks/feed.hpp>

namespace webhooks::service {

Result<> FeedWaiters::add(FeedWait wait, const std::stop_token& stop) {
    const auto waiter = std::make_shared<Waiter>(std::move(wait));
    const SubscriptionId subscription = waiter->wait.subscription;
    Key key{waiter->wait.until, 0};
    {
        const std::scoped_lock lock(mutex_);
        const auto found = of_.find(subscription);
        if (found != of_.end() && found->second.size() >= max_feed_waits) {
            return Error(Errc::overloaded, std::to_string(max_feed_waits) +
                                               " readers wait for this feed already: read it "
                                               "without waiting, or let one of them end");
        }
        key.second = ++last_number_;
        waiters_.emplace(key, waiter);
        count_ = waiters_.size();
        of_[subscription].insert(key);
        unchecked_.insert(subscription);
    }
    // Without the lock: if stop was requested, it is called here.
    waiter->on_stop.emplace(stop, [this, key] { cancel(key); });
    bool is_closed = false;
    {
        const std::scoped_lock lock(mutex_);
        is_closed = is_closed_;
    }
    if (is_closed) {
        cancel(key);
    } else {
        on_change_();
    }
    return {};
}

void FeedWaiters::check(SubscriptionId subscription) {
    // Called for each event. Who begins to wait after this load asks storage, which has the event.
    if (count_ == 0) return;
    const std::scoped_lock lock(mutex_);
    if (of_.contains(subscription)) unchecked_.insert(subscription);
}

void FeedWaiters::check_all() {
    {
        const std::scoped_lock lock(mutex_);
        if (waiters_.empty()) return;
        is_all_unchecked_ = true;
    }
    on_change_();
}

SteadyTime FeedWaiters::ready_at() const {
    const std::scoped_lock lock(mutex_);
    if (waiters_.empty()) return SteadyTime::max();
    if (is_all_unchecked_ || !unchecked_.empty()) return SteadyTime::min();
    return std::min(waiters_.begin()->first.first, poll_at_);
}

void FeedWaiters::expire(SteadyTime now) {
    Waiters expired;
    {
        const std::scoped_lock lock(mutex_);
        while (!waiters_.empty() && waiters_.begin()->first.first <= now) {
            expired.push_back(take(Key(waiters_.begin()->first)));
        }
    }
    finish(expired, false);
}

std::vector<FeedWatch> FeedWaiters::take_unchecked(SteadyTime now) {
    const std::scoped_lock lock(mutex_);
    std::vector<FeedWatch> watches;
    const bool takes_all = is_all_unchecked_ || now >= poll_at_;
    for (const auto& [subscription, keys] : of_) {
        if (!takes_all && !unchecked_.contains(subscription)) continue;
        EventId after = waiters_.at(*keys.begin())->wait.after;
        for (const Key& key : keys) {
            after = std::min(after, waiters_.at(key)->wait.after);
        }
        watches.push_back({.subscription = subscription, .after = after});
    }
    unchecked_.clear();
    if (takes_all) {
        is_all_unchecked_ = false;
        poll_at_ = now + poll_interval;
    }
    return watches;
}

void FeedWaiters::complete(const std::vector<FeedChange>& changes) {
    Waiters ready;
    {
        const std::scoped_lock lock(mutex_);
        for (const auto& [subscription, newest] : changes) {
            const auto found = of_.find(subscription);
            if (found == of_.end()) continue;
            for (const Key& key : std::set<Key>(found->second)) {
                if (waiters_.at(key)->wait.after < newest) ready.push_back(take(key));
            }
        }
    }
    finish(ready, true);
}

void FeedWaiters::close() {
    Waiters rest;
    {
        const std::scoped_lock lock(mutex_);
        is_closed_ = true;
        while (!waiters_.empty()) {
            rest.push_back(take(Key(waiters_.begin()->first)));
        }
    }
    finish(rest, false);
}

void FeedWaiters::cancel(const Key& key) {
    Waiters one;
    {
        const std::scoped_lock lock(mutex_);
        one.push_back(take(key));
    }
    if (one.front()) finish(one, false);
}

std::shared_ptr<FeedWaiters::Waiter> FeedWaiters::take(const Key& key) {
    const auto found = waiters_.find(key);
    if (found == waiters_.end()) return nullptr;
    std::shared_ptr<Waiter> waiter = std::move(found->second);
    waiters_.erase(found);
    count_ = waiters_.size();
    const auto siblings = of_.find(waiter->wait.subscription);
    siblings->second.erase(key);
    if (siblings->second.empty()) {
        unchecked_.erase(siblings->first);
        of_.erase(siblings);
    }
    return waiter;
}

void FeedWaiters::finish(const Waiters& waiters, bool has_events) {
    for (const std::shared_ptr<Waiter>& waiter : waiters) {
        waiter->wait.done(has_events);
    }
}

}  // namespace webhooks::service
