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

/// A transport that opens no connection: it keeps what it was given and answers as it is told
/// (200 at once, unless told otherwise). Any thread.
class FakeTransport final : public Transport {
public:
    /// Goes by the machine's clock.
    FakeTransport() = default;
    /// Goes by the clock of a test, so that answers may take hours of it.
    /// @param wait lets time pass until that moment of the clock, or less; called inside `run`,
    /// when nothing can be done earlier.
    FakeTransport(std::shared_ptr<Clock> clock, std::function<void(SteadyTime)> wait);
    /// As above: what waits advances the clock.
    explicit FakeTransport(std::shared_ptr<ManualClock> clock);

    /// What to answer; nothing: the request stays under way until `cancel_all` or `answer`.
    using Script = std::function<std::optional<TransportAnswer>(const OutgoingRequest&)>;

    /// Applies to requests started from now on. Called inside `start`.
    void respond(Script script);
    /// Each request from now on is answered with this status.
    void respond_with_status(int status_code);
    /// How long after its start each request is answered that the script answers: for requests from
    /// now on. @pre the transport goes by the clock of a test. Called inside `start`.
    void answer_after(std::function<std::chrono::microseconds(const OutgoingRequest&)> latency);
    /// Answers a request that is under way, now. @return false when there is no such request.
    bool answer(Token token, TransportAnswer answer);

    /// All that was started so far, in order.
    std::vector<OutgoingRequest> requests() const;
    /// The tokens of requests under way.
    std::vector<Token> under_way() const;

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
