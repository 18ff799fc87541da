#pragma once

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <condition_variable>
#include <log.hpp>
#include <memory>
#include <mutex>
#include <webhooks/http_transport.hpp>
#include <webhooks/webhooks.hpp>

namespace bench {

/// A program that embeds the service on a log, and publishes from one thread.
class Host {
public:
    /// Opens and starts. Uses the given options, and allows the sink's addresses.
    Host(std::shared_ptr<webhooks::Storage>, const LogShape&, webhooks::ServiceOptions = {},
         const webhooks::HttpTransportOptions& = {});

    webhooks::WebhookService& service() noexcept { return service_; }

    /// Publishes to one user after another, with at most `window` undelivered events, for this
    /// long, and waits until all are delivered. Throws if one failed.
    /// @return the number of events.
    std::int64_t deliver_for(std::chrono::milliseconds, std::int64_t window = 5000);
    /// Makes this many publications, and waits as above: the first deliveries cost more.
    void warm_up(int publications);
    /// Publishes from this many threads at once, each waiting until its publication is durable.
    /// @return how long each took, ascending.
    std::vector<std::chrono::microseconds> publish_for(std::chrono::milliseconds, int threads);
    /// As above, but from coroutines on one thread.
    std::vector<std::chrono::microseconds> publish_from_coroutines_for(std::chrono::milliseconds,
                                                                       int coroutines);
    /// Publishes from one thread, in batches of maximum size.
    /// @return how long each batch took, ascending.
    std::vector<std::chrono::microseconds> publish_batches_for(std::chrono::milliseconds);
    /// Publishes one event, waits until it is durable and for this long, and so on until this many
    /// events are delivered. @return how long each took, ascending.
    std::vector<std::chrono::microseconds> publish_until_delivered(std::int64_t events,
                                                                   std::chrono::milliseconds pause);
    /// Publishes at this rate, evenly, for as long as the service keeps up; each payload contains
    /// the time of its creation. Waits as above.
    /// @return the number of events.
    std::int64_t deliver_evenly(double rate, std::chrono::milliseconds);
    /// The first user gets an endpoint that never answers. What is published for it from now on
    /// counts neither as an event nor as a failure.
    void redirect_first_user(const std::string& url);
    /// Waits until everything published, by any thread, is delivered.
    void wait_for_all();
    /// Returns when all results are recorded. Nothing can be published afterwards.
    void finish();

    /// Deliveries so far.
    std::int64_t delivered() const noexcept;

private:
    class Counts;

    webhooks::Publication next_publication(std::string payload);
    void publish(std::string payload);
    void make_room(std::int64_t window);
    void wait_until_delivered(std::int64_t events);
    void check() const;

    LogShape shape_;
    std::shared_ptr<Counts> counts_;
    boost::asio::io_context context_{1};  ///< Of coroutines. It outlives the service.
    webhooks::WebhookService service_;
    std::int64_t published_ = 0;
    int next_user_ = 0;
    bool has_dead_user_ = false;
};

/// The options of a host that delivers to this machine.
webhooks::ServiceOptions allowing_loopback(webhooks::ServiceOptions = {});

}  // namespace bench
