#pragma once

#include <cstddef>
#include <service/submission.hpp>
#include <set>
#include <string>

namespace webhooks::service {

/// Finds the subscriptions of the submissions of one batch, in order. A batch takes a limited
/// number of steps for their filters (`filter::max_steps` says what these are), so that the storage
/// loop has its other things to do. A submission that needs many is slow: it is matched in as many
/// batches as it takes, with steps that are kept for slow ones, while others are written.
class Matcher {
public:
    /// What a submission takes before it is slow.
    static constexpr std::size_t quick_steps = 20'000;
    /// What a batch takes for slow submissions, and for the others. It may be exceeded by one
    /// filter.
    static constexpr std::size_t steps_of_batch = 1'000'000;

    /// @param max_events that the publications of one submission may make, if it has several
    Matcher(const SubscriptionIndex& index, std::size_t max_events)
        : index_(index), max_events_(max_events) {}

    /// A submission that would make too many events is matched, but to nothing: it has a
    /// `rejection`.
    /// @return false: it is to be matched again in the next batch, before those after it.
    bool match(Submission& submission);

private:
    bool match_all(Submission& submission, std::size_t& steps);
    void reject_too_large(Submission& submission, std::size_t publications,
                          std::size_t events) const;
    bool match(PendingPublication& publication, std::size_t& steps);
    /// Whether it would overtake one that is matched later.
    bool has_key_that_waits(const Submission& submission) const;

    const SubscriptionIndex& index_;
    const std::size_t max_events_;
    std::size_t steps_for_slow_ = steps_of_batch;
    std::size_t steps_for_others_ = steps_of_batch;
    std::set<std::string> waiting_keys_;  ///< Ordering keys.
};

}  // namespace webhooks::service
