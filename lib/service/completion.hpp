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

/// What a completion needs of a service, which may end before it.
struct CallParts {
    std::shared_ptr<Observer> observer;
    std::shared_ptr<Clock> clock;
    std::shared_ptr<metrics::ServiceMetrics> metrics;
};

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

    /// @param meter may refer to the parts.
    Completion(Done done, std::shared_ptr<const CallParts> parts, Meter meter)
        : done_(std::move(done)), parts_(std::move(parts)), meter_(std::move(meter)) {}

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
        parts_->observer->on_record(
            {.level = LogLevel::error, .event = LogEvent::callback_failed, .message = line});
    }

    std::atomic<bool> is_called_{false};
    Done done_;
    const std::shared_ptr<const CallParts> parts_;
    const Meter meter_;
};

}  // namespace webhooks::service
