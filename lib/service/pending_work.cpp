#include <algorithm>
#include <chrono>
#include <service/pending_work.hpp>
#include <utility>

namespace webhooks::service {
namespace {

/// The maximum number of results that wait for storage.
constexpr std::size_t max_pending_results = 5'000;

}  // namespace

PendingWork::PendingWork(const ServiceOptions& options, const delivery::MemoryBudget& budget,
                         std::function<void()> on_change)
    : on_change_(std::move(on_change)), queue_(options, budget) {}

Result<> PendingWork::submit(Submission& submission) {
    {
        const std::scoped_lock lock(mutex_);
        if (rejects_new_) return Error(Errc::stopped, "the service has stopped");
        if (Result<> pushed = queue_.push(submission); !pushed) return pushed;
    }
    notify();
    return {};
}

void PendingWork::reject_new() {
    const std::scoped_lock lock(mutex_);
    rejects_new_ = true;
}

bool PendingWork::record(std::uint64_t epoch, delivery::Results results) {
    {
        const std::scoped_lock lock(mutex_);
        if (epoch != epoch_) return false;
        results_.push(std::move(results));
    }
    notify();
    return true;
}

bool PendingWork::has_room_for_results() const {
    const std::scoped_lock lock(mutex_);
    return results_.size() < max_pending_results;
}

void PendingWork::request(StorageRequest request) {
    {
        const std::scoped_lock lock(mutex_);
        requested_[static_cast<std::size_t>(request)] = true;
    }
    notify();
}

void PendingWork::take(StorageWork& work) {
    const std::scoped_lock lock(mutex_);
    results_.take(work.results);
    queue_.take_batch(work.submissions);
}

void PendingWork::put_back(Submission& submission) {
    const std::scoped_lock lock(mutex_);
    queue_.put_back(submission);
}

std::optional<Submission> PendingWork::take_one() noexcept {
    const std::scoped_lock lock(mutex_);
    return queue_.take_one();
}

PendingWork::Arrived PendingWork::take_requests() {
    const std::scoped_lock lock(mutex_);
    return {.has_submissions = !queue_.empty(),
            .has_results = !results_.empty(),
            .requests = std::exchange(requested_, {})};
}

std::size_t PendingWork::submissions() const {
    const std::scoped_lock lock(mutex_);
    return queue_.size();
}

PendingWork::Epoch PendingWork::begin_epoch() {
    const std::scoped_lock lock(mutex_);
    const std::size_t dropped = results_.attempts();
    results_.clear();
    return {.number = ++epoch_, .dropped_attempts = dropped};
}

// ---- Waiting.

bool PendingWork::wakes() const {
    if (!queue_.empty()) return true;
    return !is_blocked_ &&
           (!results_.empty() || std::ranges::find(requested_, true) != requested_.end());
}

SteadyTime PendingWork::wake_at() const {
    const std::scoped_lock lock(mutex_);
    return wakes() ? SteadyTime::min() : wake_at_;
}

void PendingWork::set_wake_at(SteadyTime wake_at, bool is_blocked) {
    const std::scoped_lock lock(mutex_);
    wake_at_ = wake_at;
    is_blocked_ = is_blocked;
}

void PendingWork::wait(SteadyTime now) {
    std::unique_lock lock(mutex_);
    if (wake_at_ <= now) return;
    // A wait without an end would overflow the clock in which the standard library counts it.
    const auto at_most = std::min<SteadyTime::duration>(wake_at_ - now, std::chrono::hours(1));
    changed_.wait_for(lock, at_most, [this] { return stops_waiting_ || wakes(); });
}

void PendingWork::notify() {
    changed_.notify_one();
    if (on_change_) on_change_();
}

void PendingWork::stop_waiting() {
    {
        const std::scoped_lock lock(mutex_);
        stops_waiting_ = true;
    }
    changed_.notify_all();
}

}  // namespace webhooks::service
