#include <algorithm>
#include <service/matcher.hpp>

namespace webhooks::service {

bool Matcher::match(Submission& submission) {
    bool is_done = false;
    if (has_key_that_waits(submission)) {
        submission.is_slow = true;
    } else if (submission.is_slow) {
        is_done = steps_for_slow_ >= filter::max_steps && match_all(submission, steps_for_slow_);
    } else if (steps_for_others_ > 0) {
        std::size_t steps = quick_steps;
        is_done = match_all(submission, steps);
        steps_for_others_ -= std::min(steps_for_others_, quick_steps - steps);
        if (!is_done) {
            submission.is_slow = true;
            // Others may be before it, and memory is for the first.
            for (PendingPublication& publication : submission.publications) {
                publication.judge.reset();
                publication.found.reset();
            }
        }
    }
    if (is_done) return true;
    for (const PendingPublication& publication : submission.publications) {
        const std::string& key = publication.message->ordering_key;
        if (!key.empty()) waiting_keys_.insert(key);
    }
    return false;
}

bool Matcher::match_all(Submission& submission, std::size_t& steps) {
    submission.rejection.reset();
    std::size_t publications = 0;
    std::size_t events = 0;
    for (PendingPublication& publication : submission.publications) {
        if (!match(publication, steps)) return false;
        ++publications;
        events += publication.found->subscriptions.size();
        if (events > max_events_ && submission.publications.size() > 1) {
            reject_too_large(submission, publications, events);
            return true;
        }
    }
    return true;
}

/// The rest is not matched: that takes long, too.
void Matcher::reject_too_large(Submission& submission, std::size_t publications,
                               std::size_t events) const {
    const std::size_t fit = publications - 1;
    submission.rejection.emplace(std::vector<FieldError>{
        {"events", "must make at most " + std::to_string(max_events_) +
                       " events together, one for each subscription that each of them matches; "
                       "the first " +
                       std::to_string(publications) + " already make " + std::to_string(events) +
                       ": publish " +
                       (fit > 1 ? "batches of at most " + std::to_string(fit) : "each by itself") +
                       " instead"}});
    for (PendingPublication& publication : submission.publications) {
        publication.judge.reset();
        publication.found.emplace();
    }
}

bool Matcher::match(PendingPublication& publication, std::size_t& steps) {
    std::optional<SubscriptionIndex::Match>& found = publication.found;
    if (found && found->revision == index_.revision()) return true;
    if (publication.only) {
        found.emplace();
        if (index_.endpoint(*publication.only)) found->subscriptions = {*publication.only};
        return true;
    }
    found = index_.match(*publication.message, publication.owner, publication.judge, steps);
    if (found && publication.judge) publication.judge->forget_payload();
    return found.has_value();
}

bool Matcher::has_key_that_waits(const Submission& submission) const {
    return !waiting_keys_.empty() &&
           std::ranges::any_of(submission.publications, [&](const PendingPublication& each) {
               return waiting_keys_.contains(each.message->ordering_key);
           });
}

}  // namespace webhooks::service
