#include <algorithm>
#include <base/process.hpp>
#include <functional>
#include <string>
#include <transport/threaded_transport.hpp>

namespace webhooks::transport {
namespace {

/// @param more the same metrics of another transport.
void add_up(std::vector<MetricFamily>& sum, const std::vector<MetricFamily>& more) {
    for (std::size_t family = 0; family < sum.size(); ++family) {
        std::vector<MetricSample>& samples = sum[family].samples;
        for (std::size_t i = 0; i < samples.size(); ++i) {
            samples[i].value += more[family].samples[i].value;
        }
    }
}

}  // namespace

ThreadedTransport::ThreadedTransport(std::vector<std::unique_ptr<HttpTransport>> transports)
    : process_(process_id()) {
    for (std::unique_ptr<HttpTransport>& transport : transports) {
        const std::string name = "webhooks-net-" + std::to_string(threads_.size() + 1);
        threads_.push_back(std::make_unique<NetworkThread>(name, std::move(transport), queue_));
    }
}

ThreadedTransport::~ThreadedTransport() {
    if (process_id() == process_) return;
    // The threads are those of the parent process, and may have locked anything.
    for (std::unique_ptr<NetworkThread>& thread : threads_) {
        static_cast<void>(thread.release());
    }
}

void ThreadedTransport::start(Token token, OutgoingRequest request) {
    const std::size_t host = std::hash<std::string_view>()(request.target->url.origin());
    threads_[host % threads_.size()]->add(token, std::move(request));
}

void ThreadedTransport::run(SteadyTime until, Sink& sink) {
    for (const auto& thread : threads_) {
        thread->hand_over();
    }
    while (true) {
        const bool was_woken = queue_.take(taken_);
        for (auto& [token, answer] : taken_) {
            sink.on_answer(token, std::move(answer));
        }
        if (!taken_.empty() || was_woken || SteadyTime::clock::now() >= until) return;
        queue_.wait(until);
    }
}

SteadyTime ThreadedTransport::next_wake() const {
    const bool has_work = !queue_.is_empty() || std::ranges::any_of(threads_, [](const auto& each) {
        return each->has_added();
    });
    return has_work ? SteadyTime::min() : SteadyTime::max();
}

void ThreadedTransport::cancel_all() {
    // All threads end first, so that none goes on if the rest throws.
    for (const auto& thread : threads_) {
        thread->end();
    }
    for (const auto& thread : threads_) {
        thread->cancel_all();
    }
    queue_.forget_failure();
}

std::vector<MetricFamily> ThreadedTransport::metrics() const {
    std::vector<MetricFamily> sum = threads_.front()->metrics();
    for (std::size_t i = 1; i < threads_.size(); ++i) {
        add_up(sum, threads_[i]->metrics());
    }
    return sum;
}

}  // namespace webhooks::transport
