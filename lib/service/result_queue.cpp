#include <service/result_queue.hpp>
#include <utility>

namespace webhooks::service {
namespace {

using delivery::Results;

bool fit_together(const Results& first, const Results& second) {
    return first.size() == 0 || first.findings() + second.findings() <= ResultQueue::max_findings;
}

}  // namespace

void ResultQueue::push(Results results) {
    size_ += results.size();
    if (!parts_.empty() && fit_together(parts_.back(), results)) {
        parts_.back().append(std::move(results));
    } else {
        parts_.push_back(std::move(results));
    }
}

void ResultQueue::take(Results& taken) {
    while (!parts_.empty() && fit_together(taken, parts_.front())) {
        size_ -= parts_.front().size();
        taken.append(std::move(parts_.front()));
        parts_.pop_front();
    }
}

void ResultQueue::clear() {
    parts_.clear();
    size_ = 0;
}

std::size_t ResultQueue::attempts() const noexcept {
    std::size_t count = 0;
    for (const Results& part : parts_) {
        count += part.batch.attempts.size();
    }
    return count;
}

}  // namespace webhooks::service
