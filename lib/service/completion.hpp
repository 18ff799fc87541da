#pragma once

#include <atomic>
#include <base/thrown.hpp>
#include <functional>
#include <memory>
#include <metrics/publish_meter.hpp>
#include <utility>
#include <webhooks/error.hpp>
#include <webhooks/observer.hpp>

namespace webhooks::service {

/// Of a call that does not publish.
struct NoMeter {
    template <class Answer>
    void finish(const Result<Answer>&) const noexcept {}
};

/// A host's completion handler: it is called once, with the first result, and its exceptions are
/// logged. Thread-safe.
template <class Answer, class Meter = metrics::PublishMeter>
class Completion {
public:
    using Done = std::function<void(Result<Answer>)>;

    Completion(Done done, std::shared_ptr<Observer> observer, Meter meter)
        : done_(std::move(done)), observer_(std::move(observer)), meter_(std::move(meter)) {}

    void operator()(Result<Answer> answer) noexcept {
        if (is_called_.exchange(true)) return;
        meter_.finish(answer);
        try {
            const Done done = std::exchange(done_, nullptr);
            if (done) done(std::move(answer));
        } catch (...) {
            log("a host's completion handler threw:");
            log(what_was_thrown());
        }
    }

private:
    void log(std::string_view line) const {
        observer_->on_record(
            {.level = LogLevel::error, .event = LogEvent::callback_failed, .message = line});
    }

    std::atomic<bool> is_called_{false};
    Done done_;
    const std::shared_ptr<Observer> observer_;
    const Meter meter_;
};

}  // namespace webhooks::service
