#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <boost/system/system_error.hpp>
#include <cerrno>
#include <cstdint>
#include <iterator>
#include <transport/answer_queue.hpp>

namespace webhooks::transport {
namespace {

int make_event() {
    const int event = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (event < 0)
        throw boost::system::system_error(errno, boost::system::system_category(), "eventfd");
    return event;
}

}  // namespace

AnswerQueue::AnswerQueue() : handle_(make_event()) {}

AnswerQueue::~AnswerQueue() {
    ::close(handle_);
}

/// One signal for all that comes before the next `take`. @pre `mutex_` is held.
void AnswerQueue::signal() noexcept {
    if (std::exchange(is_signalled_, true)) return;
    const std::uint64_t one = 1;
    // It cannot fail: the counter is far from full. GCC warns of a result that is only cast to
    // void.
    static_cast<void>(!::write(handle_, &one, sizeof one));
}

void AnswerQueue::put(std::vector<Answered>& answers) {
    if (answers.empty()) return;
    const std::scoped_lock lock(mutex_);
    if (answers_.empty()) {
        answers_.swap(answers);
    } else {
        answers_.insert(answers_.end(), std::make_move_iterator(answers.begin()),
                        std::make_move_iterator(answers.end()));
        answers.clear();
    }
    signal();
}

void AnswerQueue::fail(std::exception_ptr failure) noexcept {
    const std::scoped_lock lock(mutex_);
    failure_ = std::move(failure);
    signal();
}

void AnswerQueue::wake() noexcept {
    const std::scoped_lock lock(mutex_);
    is_woken_ = true;
    signal();
}

bool AnswerQueue::take(std::vector<Answered>& answers) {
    answers.clear();
    const std::scoped_lock lock(mutex_);
    if (std::exchange(is_signalled_, false)) {
        std::uint64_t count = 0;
        static_cast<void>(!::read(handle_, &count, sizeof count));
    }
    const bool was_woken = std::exchange(is_woken_, false);
    if (failure_) std::rethrow_exception(std::exchange(failure_, nullptr));
    answers.swap(answers_);
    return was_woken;
}

void AnswerQueue::forget_failure() noexcept {
    const std::scoped_lock lock(mutex_);
    failure_ = nullptr;
}

void AnswerQueue::wait(SteadyTime until) const noexcept {
    const SteadyTime now = SteadyTime::clock::now();
    if (until <= now) return;
    const auto left = std::min<std::chrono::nanoseconds>(until - now, std::chrono::hours(1));
    const auto seconds = std::chrono::floor<std::chrono::seconds>(left);
    const timespec time{.tv_sec = seconds.count(), .tv_nsec = (left - seconds).count()};
    pollfd waited{.fd = handle_, .events = POLLIN, .revents = 0};
    // Whatever ends the wait early: the caller checks what there is.
    static_cast<void>(::ppoll(&waited, 1, &time, nullptr));
}

bool AnswerQueue::is_empty() const noexcept {
    const std::scoped_lock lock(mutex_);
    return answers_.empty() && !failure_ && !is_woken_;
}

}  // namespace webhooks::transport
