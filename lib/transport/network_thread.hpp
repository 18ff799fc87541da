#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <transport/answer_queue.hpp>
#include <transport/client.hpp>
#include <vector>

namespace webhooks::transport {

/// A thread and the transport that it runs, with everything that connections need. What crosses
/// threads does so in batches. Its member functions are called by one thread at a time, never by
/// the one that it runs; `metrics` by any.
class NetworkThread final : private Transport::Sink {
public:
    /// Starts no thread yet. @param answers where they go; it outlives this object.
    NetworkThread(std::string name, std::unique_ptr<HttpTransport> transport, AnswerQueue& answers);
    ~NetworkThread();
    NetworkThread(const NetworkThread&) = delete;
    NetworkThread& operator=(const NetworkThread&) = delete;

    void add(Transport::Token token, OutgoingRequest request);
    bool has_added() const noexcept { return !added_.empty(); }
    /// Hands over what was added; starts the thread if it does not run. Throws std::exception if it
    /// cannot.
    void hand_over();
    /// Ends the thread; attempts in flight stay as they are.
    void end() noexcept;
    /// Answers all attempts that have no answer yet with `not_sent`. @pre the thread has ended.
    void cancel_all();
    std::vector<MetricFamily> metrics() const { return transport_->metrics(); }

private:
    struct Start {
        Transport::Token token;
        OutgoingRequest request;
        SteadyTime since;
    };

    void on_answer(Transport::Token token, TransportAnswer answer) override;
    void work() noexcept;
    bool sign(Start& start);
    bool take_inbox(std::vector<Start>& starts);

    const std::string name_;
    AnswerQueue& queue_;
    std::vector<Start> added_;
    std::thread thread_;

    std::mutex mutex_;
    std::vector<Start> inbox_;
    bool must_end_ = false;

    // While the thread runs, only it uses these.
    const std::unique_ptr<HttpTransport> transport_;
    std::vector<Answered> answers_;
};

}  // namespace webhooks::transport
