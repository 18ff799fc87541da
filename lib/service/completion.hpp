#pragma once

#include <atomic>
#include <base/thrown.hpp>
#include <functional>
#include <memory>
#include <utility>
#include <webhooks/error.hpp>
#include <webhooks/observer.hpp>

namespace webhooks::service {

/// A host's completion handler: it is called once, with the first result, and its exceptions are
/// logged. Thread-safe.
template <class Answer>
class Completion {
public:
    using Done = std::function<void(Result<Answer>)>;

    Completion(Done done, std::shared_ptr<Observer> observer)
        : done_(std::move(done)), observer_(std::move(observer)) {}

    void operator()(Result<Answer> answer) noexcept {
        if (is_called_.exchange(true)) return;
        try {
            const Done done = std::exchange(done_, nullptr);
            if (done) done(std::move(answer));
        } catch (...) {
            observer_->on_log(LogLevel::error, "a host's completion of async_publish threw:");
            observer_->on_log(LogLevel::error, what_was_thrown());
        }
    }

private:
    std::atomic<bool> is_called_{false};
    Done done_;
    const std::shared_ptr<Observer> observer_;
};

}  // namespace webhooks::service
