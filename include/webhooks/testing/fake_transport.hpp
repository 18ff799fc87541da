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

/// A transport that opens no connection: it records its requests and answers as scripted (by
/// default 200, at once). Thread-safe.
class FakeTransport final : public Transport {
public:
    /// Returns the answer; nullopt: the request stays in flight until `cancel_all` or `answer`.
    using Script = std::function<std::optional<TransportAnswer>(const OutgoingRequest&)>;

    /// Applies to requests started from now on. The script is called inside `start`.
    void respond(Script script);
    /// Each request from now on is answered with this status.
    void respond_with_status(int status_code);
    /// Answers a request that is in flight. @return false if there is no such request.
    bool answer(Token token, TransportAnswer answer);

    /// All requests started so far, in order.
    std::vector<OutgoingRequest> requests() const;
    /// The tokens of the requests in flight.
    std::vector<Token> under_way() const;

    void start(Token token, OutgoingRequest request) override;
    void run(SteadyTime until, Sink& sink) override;
    void wake() noexcept override;
    SteadyTime next_wake() const override;
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
