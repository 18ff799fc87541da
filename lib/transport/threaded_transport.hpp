#pragma once

#include <memory>
#include <transport/answer_queue.hpp>
#include <transport/client.hpp>
#include <transport/network_thread.hpp>
#include <vector>

namespace webhooks::transport {

/// Several transports, each on a thread of its own, as one: each host belongs to one of them, so
/// that its connections, lookups and TLS sessions need no lock. The caller only distributes
/// attempts, and receives answers. Threads run from the first attempt until `cancel_all`.
class ThreadedTransport final : public Transport {
public:
    /// Throws boost::system::system_error if no descriptor is available.
    explicit ThreadedTransport(std::vector<std::unique_ptr<HttpTransport>> transports);
    ~ThreadedTransport() override;

    void start(Token token, OutgoingRequest request) override;
    void run(SteadyTime until, Sink& sink) override;
    void wake() noexcept override { queue_.wake(); }
    bool signs() const override { return true; }
    int wait_handle() const override { return queue_.handle(); }
    SteadyTime next_wake() const override;
    void cancel_all() override;
    std::vector<MetricFamily> metrics() const override;

private:
    const long process_;
    AnswerQueue queue_;
    std::vector<std::unique_ptr<NetworkThread>> threads_;
    std::vector<Answered> taken_;
};

}  // namespace webhooks::transport
