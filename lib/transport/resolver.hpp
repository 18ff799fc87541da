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
    /// More look-ups wait for their turn. Far above what attempts need, for whatever hangs shall
    /// delay no other, and far below 65,536 / 2, for each asks twice and DNS counts in 16 bits.
    std::size_t max_under_way = 10'000;
    std::size_t max_remembered = 10'000;
    /// Called with what came of each lookup that name servers were asked for.
    std::function<void(const Resolved&)> on_finished = {};
};

/// Looks names up side by side and remembers what came of it: addresses for as long as their
/// records say, but 1 s to 1 min; failures for 2 s, which is less than the pause before a retry;
/// faults of ours never. Requests for a name that is being looked up share that look-up.
///
/// Judges nothing: whoever dials an address judges it. All is done on the loop's one thread.
class Resolver {
public:
    using Done = std::function<void(const Resolved&)>;
    /// Whoever waits holds one; letting go of it is how one stops waiting.
    using Ticket = std::shared_ptr<Done>;

    Resolver(boost::asio::io_context& io, ResolverOptions options);

    /// `done` is called by the loop, never in here, unless the ticket is gone by then.
    [[nodiscard]] Ticket resolve(const std::string& host, SteadyTime now, Done done);

    /// While there is something to do, sweep() is to be called often.
    bool is_busy() const noexcept { return !waiting_.empty(); }
    void sweep(SteadyTime now);

private:
    using Answer = std::shared_ptr<const Resolved>;
    using Waiting = std::vector<std::weak_ptr<Done>>;

    void ask_queued(SteadyTime now);
    void ask(const std::string& host, SteadyTime now);
    DnsChannel& channel(SteadyTime now);
    std::size_t under_way() const noexcept;
    void finish(const std::string& host, Resolved resolved);
    void give(const Ticket& ticket, Answer answer);

    boost::asio::io_context& io_;
    const ResolverOptions options_;
    ExpiringCache<Answer> cache_;
    std::unordered_map<std::string, Waiting> waiting_;  ///< By host.
    std::deque<std::string> queue_;                     ///< Hosts of `waiting_` not yet asked for.
    std::unique_ptr<DnsChannel> channel_;
    SteadyTime channel_made_{};
    std::vector<std::unique_ptr<DnsChannel>> old_channels_;
};

}  // namespace webhooks::transport
