#pragma once

#include <boost/asio/io_context.hpp>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <transport/dns_channel.hpp>
#include <transport/expiring_cache.hpp>
#include <unordered_map>
#include <vector>
#include <webhooks/time.hpp>

namespace webhooks::transport {

struct ResolverOptions {
    DnsOptions dns = {};
    /// More lookups wait. Far more than attempts need, because a lookup that hangs must not delay
    /// others, and far fewer than 65,536 / 2, because each lookup makes two queries and DNS query
    /// ids have 16 bits.
    std::size_t max_in_flight = 10'000;
    std::size_t max_remembered = 10'000;
    /// Called with the result of each lookup that name servers were asked for.
    std::function<void(const Resolved&)> on_finished = {};
};

/// Makes lookups in parallel and caches their results: addresses for the TTL of their records,
/// limited to 1 s to 1 min; failures for 2 s, which is less than the delay before a retry; local
/// errors never. Requests for a name whose lookup is in flight share that lookup.
///
/// Checks no address: the code that connects does. Everything runs on the loop's one thread.
class Resolver {
public:
    using Done = std::function<void(const Resolved&)>;
    /// Each waiter holds one; releasing it stops the wait.
    using LookupHandle = std::shared_ptr<Done>;

    Resolver(boost::asio::io_context& io, ResolverOptions options);

    /// `done` is called by the loop, never inside this call, and only if the handle still exists.
    [[nodiscard]] LookupHandle resolve(const std::string& host, SteadyTime now, Done done);

    /// While true, process_timeouts() must be called often.
    bool is_busy() const noexcept { return !waiting_.empty(); }
    void process_timeouts(SteadyTime now);

private:
    using Answer = std::shared_ptr<const Resolved>;
    using Waiting = std::vector<std::weak_ptr<Done>>;

    void ask_queued(SteadyTime now);
    void ask(const std::string& host, SteadyTime now);
    DnsChannel& channel(SteadyTime now);
    std::size_t in_flight() const noexcept;
    void finish(const std::string& host, Resolved resolved);
    void give(const LookupHandle& handle, Answer answer);

    boost::asio::io_context& io_;
    const ResolverOptions options_;
    ExpiringCache<Answer> cache_;
    std::unordered_map<std::string, Waiting> waiting_;  ///< Hosts in `waiting_`, not started.
    std::deque<std::string> queue_;  ///< Hosts of `waiting_` whose lookup has not started.
    std::unique_ptr<DnsChannel> channel_;
    SteadyTime channel_made_{};
    std::vector<std::unique_ptr<DnsChannel>> old_channels_;
};

}  // namespace webhooks::transport
