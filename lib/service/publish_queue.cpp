#include <algorithm>
#include <service/publish_queue.hpp>
#include <utility>

namespace webhooks::service {

Result<> PublishQueue::push(Submission& submission) {
    const std::size_t count = submission.publications.size();
    const std::size_t bytes = submission.payload_bytes();
    if (!budget_.fits_publish_queue(publications_ + count, payload_bytes_ + bytes)) {
        return Error(Errc::overloaded, "too many publications are waiting; try again later");
    }
    submissions_.push_back(std::move(submission));
    publications_ += count;
    payload_bytes_ += bytes;
    return {};
}

void PublishQueue::take_batch(std::vector<Submission>& taken) {
    taken.reserve(taken.size() + std::min(submissions_.size(), options_.max_batch));
    std::size_t publications = 0;
    while (!submissions_.empty()) {
        const Submission& first = submissions_.front();
        const std::size_t count = first.is_slow ? 0 : first.publications.size();
        if (publications > 0 && publications + count > options_.max_batch) return;
        publications += count;
        taken.push_back(*take_one());
    }
}

std::optional<Submission> PublishQueue::take_one() noexcept {
    if (submissions_.empty()) return {};
    Submission first = std::move(submissions_.front());
    submissions_.pop_front();
    publications_ -= first.publications.size();
    payload_bytes_ -= first.payload_bytes();
    return first;
}

void PublishQueue::put_back(Submission& submission) {
    const std::size_t count = submission.publications.size();
    const std::size_t bytes = submission.payload_bytes();
    submissions_.push_front(std::move(submission));
    publications_ += count;
    payload_bytes_ += bytes;
}

}  // namespace webhooks::service
