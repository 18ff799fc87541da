#pragma once

#include <exception>
#include <mutex>
#include <utility>
#include <vector>
#include <webhooks/time.hpp>
#include <webhooks/transport.hpp>

namespace webhooks::transport {

using Answered = std::pair<Transport::Token, TransportAnswer>;

/// Answers on their way from the threads that made the attempts to the one that waits for them, and
/// whatever else ends that wait. All member functions may be called from any thread at once.
class AnswerQueue {
public:
    /// Throws boost::system::system_error if no descriptor is available.
    AnswerQueue();
    ~AnswerQueue();
    AnswerQueue(const AnswerQueue&) = delete;
    AnswerQueue& operator=(const AnswerQueue&) = delete;

    /// Moves all of them into the queue; `answers` is empty then.
    void put(std::vector<Answered>& answers);
    /// A thread ended by this exception, which the next `take` throws.
    void fail(std::exception_ptr failure) noexcept;
    void wake() noexcept;

    /// Replaces `answers` by those of the queue. @return whether `wake` was called since the
    /// last `take`
    bool take(std::vector<Answered>& answers);
    /// No exception is left to be thrown.
    void forget_failure() noexcept;
    /// Waits until there is something to take, or until this time.
    void wait(SteadyTime until) const noexcept;
    bool is_empty() const noexcept;
    /// Readable while there is something to take.
    int handle() const noexcept { return handle_; }

private:
    void signal() noexcept;

    const int handle_;
    mutable std::mutex mutex_;
    std::vector<Answered> answers_;
    std::exception_ptr failure_;
    bool is_woken_ = false;
    bool is_signalled_ = false;
};

}  // namespace webhooks::transport
