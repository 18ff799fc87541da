#pragma once

#include <atomic>
#include <condition_variable>
#include <log.hpp>
#include <memory>
#include <mutex>
#include <webhooks/webhooks.hpp>

namespace bench {

/// A program that embeds the service on a log, and publishes from one thread.
class Host {
public:
    /// Opens and starts. Options as given, but that the sink's addresses are allowed.
    Host(const Bench&, std::shared_ptr<webhooks::Storage>, const LogShape&,
         webhooks::ServiceOptions options = {});

    webhooks::WebhookService& service() noexcept { return service_; }

    /// Publishes to one user after the other, with at most `window` events on their way, for so
    /// long, and waits until all are delivered. Throws where one failed.
    /// @return the events.
    std::int64_t deliver_for(std::chrono::milliseconds, std::int64_t window = 2000);
    /// Publishes so many publications a second, evenly, as long as the service keeps up; each
    /// payload says when it was made. Waits as above.
    /// @return the events.
    std::int64_t deliver_evenly(double rate, std::chrono::milliseconds);
    /// Returns when all results are recorded. Nothing can be published after that.
    void finish();

private:
    class Counts;

    void publish(std::string payload);
    void wait_until_delivered();
    void check() const;

    LogShape shape_;
    std::shared_ptr<Counts> counts_;
    webhooks::WebhookService service_;
    std::int64_t published_ = 0;
    int next_user_ = 0;
};

/// The options of a host that delivers to this machine.
webhooks::ServiceOptions allowing_loopback(webhooks::ServiceOptions = {});

}  // namespace bench
