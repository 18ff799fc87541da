#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <vector>
#include <webhooks/export.hpp>
#include <webhooks/transport.hpp>

namespace WEBHOOKS_EXPORT webhooks {
namespace testing {

/// A transport that opens no connection: it keeps what it was given and answers as it is told
/// (200 at once, unless told otherwise). Any thread.
class FakeTransport final : public Transport {
public:
    /// What to answer; nothing: the request stays under way until `cancel_all` or `answer`.
    using Script = std::function<std::optional<TransportAnswer>(const OutgoingRequest&)>;

    /// Applies to requests started from now on. Called inside `start`.
    void respond(Script script);
    /// Each request from now on is answered with this status.
    void respond_with_status(int status_code);
    /// Answers a request that is under way. @return false when there is no such request.
    bool answer(Token token, TransportAnswer answer);

    /// All that was started so far, in order.
    std::vector<OutgoingRequest> requests() const;
    /// The tokens of requests under way.
    std::vector<Token> under_way() const;

    void start(Token token, OutgoingRequest request) override;
    void run(SteadyTime until, Sink& sink) override;
    void wake() noexcept override;
    void cancel_all() override;

private:
    mutable std::mutex mutex_;
    std::condition_variable changed_;
    Script script_;
    std::vector<OutgoingRequest> requests_;
    std::vector<Token> under_way_;
    std::deque<std::pair<Token, TransportAnswer>> answers_;
    bool woken_ = false;
};

}  // namespace testing
}  // namespace webhooks
