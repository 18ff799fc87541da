#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <transport/receiver.hpp>
#include <vector>
#include <webhooks/time.hpp>

namespace webhooks::testing {

/// What the receiver knows about a request.
struct Request {
    int run = 0;  ///< Of the worker that sent it.
    std::string endpoint;
    std::string webhook_id;
    std::string body;
    std::string signature_error;  ///< Why it does not verify; empty if it does.
    Time arrived{};
    int status = 0;  ///< The status sent; 0: none.
};

/// A receiver for the three endpoints of scene.hpp, and its log.
class RequestLog {
public:
    /// @param delay before each response.
    explicit RequestLog(std::chrono::milliseconds delay = {})
        : delay_(delay), receiver_([this](Peer& peer, int) { serve(peer); }) {}

    std::string url() const { return receiver_.url("/"); }
    std::uint16_t port() const { return receiver_.port(); }
    /// In order of arrival.
    std::vector<Request> requests() const;
    /// The run of the last request that arrived; -1 before the first.
    int latest_run() const {
        const std::scoped_lock lock(mutex_);
        return requests_.empty() ? -1 : requests_.back().run;
    }
    /// The n-th request from now on gets no response; `kill` is called instead.
    void cut_off(int request, std::function<void()> kill);

private:
    void serve(Peer& peer);
    /// Logs a request. @return the status to answer
    int take(Request request);
    /// @return whether this is the request that gets no response
    bool is_cut_off() { return --until_cut_off_ == 0; }

    const std::chrono::milliseconds delay_;
    mutable std::mutex mutex_;
    std::vector<Request> requests_;
    std::map<std::string, int> arrivals_;  ///< Answered ones, by `webhook-id`.
    std::function<void()> kill_;
    std::atomic<int> until_cut_off_{0};
    // Last, so that its threads end before the objects that they use.
    Receiver receiver_;
};

}  // namespace webhooks::testing
