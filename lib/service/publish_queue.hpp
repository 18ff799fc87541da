#pragma once

#include <delivery/memory_budget.hpp>
#include <deque>
#include <optional>
#include <service/submission.hpp>
#include <vector>
#include <webhooks/options.hpp>

namespace webhooks::service {

/// The submissions that wait to be written, in order, with a limit of their publications and of
/// the bytes of these. Not thread-safe.
class PublishQueue {
public:
    PublishQueue(const ServiceOptions& options, const delivery::MemoryBudget& budget)
        : options_(options), budget_(budget) {}

    /// @return overloaded if there is no room; then the submission is unchanged.
    Result<> push(Submission& submission);
    /// Moves the first submissions to the end of `taken`: the slow ones, then as many publications
    /// as a batch may have, and at least one submission.
    void take_batch(std::vector<Submission>& taken);
    /// Takes the first one, without allocating memory.
    std::optional<Submission> take_one() noexcept;
    /// Returns one that was taken: it is the first again, whatever the limits.
    void put_back(Submission& submission);

    bool empty() const noexcept { return submissions_.empty(); }
    std::size_t size() const noexcept { return submissions_.size(); }

private:
    const ServiceOptions& options_;
    const delivery::MemoryBudget& budget_;
    std::deque<Submission> submissions_;
    std::size_t publications_ = 0;
    std::size_t payload_bytes_ = 0;
};

}  // namespace webhooks::service
