#pragma once

#include <cstddef>
#include <delivery/results.hpp>
#include <deque>

namespace webhooks::service {

/// The results of delivery that wait to be written, in order. A transaction gets as many as it has
/// findings to write, each of which takes several statements: an endpoint of one user that changes
/// its state must not let the publications of others wait for thousands of them. Not thread-safe.
class ResultQueue {
public:
    /// The maximum number of findings in a transaction, unless what was decided at once has more.
    static constexpr std::size_t max_findings = 50;

    void push(delivery::Results results);
    /// Appends the first results to those that a transaction has already.
    void take(delivery::Results& taken);
    void clear();

    bool empty() const noexcept { return parts_.empty(); }
    /// Of all results.
    std::size_t size() const noexcept { return size_; }
    std::size_t attempts() const noexcept;

private:
    /// Each with at most `max_findings`, if possible.
    std::deque<delivery::Results> parts_;
    std::size_t size_ = 0;
};

}  // namespace webhooks::service
