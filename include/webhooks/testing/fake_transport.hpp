#pragma once

#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>
#include <webhooks/clock.hpp>
#include <webhooks/export.hpp>
#include <webhooks/testing/manual_clock.hpp>
#include <webhooks/transport.hpp>

namespace WEBHOOKS_EXPORT webhooks {
namespace testing {

/// A transport that opens no connection: it records its requests and answers as scripted (by
/// default 200, at once). Thread-safe.
class FakeTransport final : public Transport {
public:
    /// Uses the system's clock.
    FakeTransport() = default;
    /// Uses a test's clock, so that responses may take hours of its time.
    /// @param wait lets the clock's time pass until the given moment, or a part of it. Called
    /// inside `run` while no response is ready.
    FakeTransport(std::shared_ptr<Clock> clock, std::function<void(SteadyTime)> wait);
    /// Uses a manual clock, which `run` advances when it waits.
    explicit FakeTransport(std::shared_ptr<ManualClock> clock);

    /// Returns the answer; nullopt: the request stays in flight until `cancel_all` or `answer`.
    using Script = std::function<std::optional<TransportAnswer>(const OutgoingRequest&)>;

    /// Applies to requests started from now on. The script is called inside `start`.
    void respond(Script script);
    /// Each request from now on is answered with this status.
    void respond_with_status(int status_code);
    /// The time from the start of a request until its scripted response is ready, for requests
    /// started from now on; by default 0. Called inside `start`.
    void answer_after(std::function<std::chrono::microseconds(const OutgoingRequest&)> latency);
    /// Answers a request that is in flight, now. @return false if there is no such request.
    bool answer(Token token, TransportAnswer answer);

    /// All requests started so far, in order.
    std::vector<OutgoingRequest> requests() const;
    /// The tokens of the requests in flight.
    std::vector<Token> in_flight() const;

    void start(Token token, OutgoingRequest request) override;
    void run(SteadyTime until, Sink& sink) override;
    void wake() noexcept override;
    SteadyTime steady_now() const override;
    SteadyTime next_wake() const override;
    void cancel_all() override;

private:
    using Answer = std::pair<Token, TransportAnswer>;

    /// Waits until an answer is ready, `until` has come, or the transport was woken.
    /// @return the answers that are ready.
    std::vector<Answer> wait_for_answers(SteadyTime until);
    std::vector<Answer> take_ready(SteadyTime now);
    /// @pre `mutex_` is held.
    void schedule(Token token, TransportAnswer answer, SteadyTime at);

    const std::shared_ptr<Clock> clock_;
    const std::function<void(SteadyTime)> wait_;
    mutable std::mutex mutex_;
    std::condition_variable changed_;
    Script script_;
    std::function<std::chrono::microseconds(const OutgoingRequest&)> latency_;
    std::vector<OutgoingRequest> requests_;
    /// Those that nothing answers yet.
    std::vector<Token> unanswered_;
    /// By when they are ready.
    std::multimap<SteadyTime, Answer> answers_;
    bool woken_ = false;
};

}  // namespace testing
}  // namespace webhooks
