#include <algorithm>
#include <boost/asio/post.hpp>
#include <exception>
#include <transport/resolver.hpp>
#include <utility>

namespace webhooks::transport {
namespace {

using namespace std::chrono_literals;

/// After this time a channel gets no new lookups, and its successor reads the system's
/// configuration again: name servers change while a process runs.
constexpr auto channel_life = 1min;

std::chrono::seconds time_to_keep(const Resolved& resolved) {
    return resolved.addresses.empty() ? 2s : std::clamp(resolved.ttl, 1s, 60s);
}

}  // namespace

Resolver::Resolver(boost::asio::io_context& io, ResolverOptions options)
    : io_(io), options_(std::move(options)), cache_(options_.max_remembered) {}

Resolver::LookupHandle Resolver::resolve(const std::string& host, SteadyTime now, Done done) {
    auto handle = std::make_shared<Done>(std::move(done));
    if (Answer known = cache_.find(host, now)) {
        give(handle, std::move(known));
        return handle;
    }
    if (!waiting_.contains(host)) queue_.push_back(host);
    waiting_[host].push_back(handle);
    ask_queued(now);
    return handle;
}

void Resolver::process_timeouts(SteadyTime now) {
    if (channel_) channel_->process_timeouts();
    for (const auto& old : old_channels_) {
        old->process_timeouts();
    }
    std::erase_if(old_channels_, [](const auto& old) { return old->size() == 0; });
    ask_queued(now);
}

void Resolver::ask_queued(SteadyTime now) {
    const auto is_wanted = [this](const std::string& host) {
        const auto found = waiting_.find(host);
        return found != waiting_.end() &&
               std::ranges::any_of(found->second,
                                   [](const auto& handle) { return !handle.expired(); });
    };
    while (!queue_.empty() && in_flight() < options_.max_in_flight) {
        const std::string host = std::move(queue_.front());
        queue_.pop_front();
        if (is_wanted(host)) {
            ask(host, now);
        } else {
            waiting_.erase(host);
        }
    }
}

void Resolver::ask(const std::string& host, SteadyTime now) {
    try {
        channel(now).ask(host, [this, host](Resolved resolved) {  //
            finish(host, std::move(resolved));
        });
    } catch (const std::exception& error) {
        finish(host, {.error = std::string("could not resolve host: ") + error.what(),
                      .is_local_error = true});
    }
}

DnsChannel& Resolver::channel(SteadyTime now) {
    if (!channel_ || now - channel_made_ >= channel_life) {
        auto fresh = std::make_unique<DnsChannel>(io_, options_.dns);
        if (channel_) old_channels_.push_back(std::move(channel_));
        channel_ = std::move(fresh);
        channel_made_ = now;
    }
    return *channel_;
}

std::size_t Resolver::in_flight() const noexcept {
    std::size_t sum = channel_ ? channel_->size() : 0;
    for (const auto& old : old_channels_) {
        sum += old->size();
    }
    return sum;
}

void Resolver::finish(const std::string& host, Resolved resolved) {
    // First: whatever fails below, the name must not remain busy.
    const auto waiting = waiting_.extract(host);
    if (host == "localhost" && resolved.addresses.empty()) {
        // RFC 6761, section 6.3: it means this machine, even if no hosts file says so.
        resolved = {.addresses = {IpAddress{.is_v6 = false, .bytes = {127, 0, 0, 1}}}};
    }
    if (options_.on_finished) options_.on_finished(resolved);
    resolved.valid_until = SteadyTime::clock::now() + time_to_keep(resolved);
    const auto answer = std::make_shared<const Resolved>(std::move(resolved));
    if (!answer->is_local_error) cache_.put(host, answer, answer->valid_until);
    if (!waiting) return;
    for (const std::weak_ptr<Done>& waiting_one : waiting.mapped()) {
        if (const LookupHandle handle = waiting_one.lock()) give(handle, answer);
    }
}

void Resolver::give(const LookupHandle& handle, Answer answer) {
    boost::asio::post(io_, [handle = std::weak_ptr<Done>(handle), answer = std::move(answer)] {
        if (const LookupHandle waiting = handle.lock()) (*waiting)(*answer);
    });
}

}  // namespace webhooks::transport
