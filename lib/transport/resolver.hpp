#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>
#include <webhooks/endpoint.hpp>

namespace webhooks::transport {

/// What a look-up came to.
struct Resolved {
    std::vector<IpAddress> addresses = {};
    std::string error = {};         ///< Why there is no address; for a person.
    bool is_fault_of_ours = false;  ///< No descriptor, memory or thread: it costs no try.
};

/// Asks the system (getaddrinfo): files, DNS, whatever it is set up for; `localhost` is this
/// machine also where the system does not know it. Blocks.
Resolved look_up(const std::string& host);

/// Look-ups on a few threads of its own, started when they are needed. Requests for a name that is
/// being looked up share that look-up. A look-up cannot be ended, so one that hangs keeps its
/// thread until it comes back, even beyond the life of the Resolver; it touches nothing of ours by
/// then.
///
/// All members are called from one thread.
class Resolver {
public:
    using LookUp = std::function<Resolved(const std::string&)>;
    using Done = std::function<void(const Resolved&)>;
    /// Whoever waits holds one; letting go of it is how one stops waiting.
    using Ticket = std::shared_ptr<Done>;

    static constexpr std::size_t max_threads = 8;

    /// @param notify Called on a thread of the resolver when `deliver` has something to do.
    Resolver(LookUp look_up, std::function<void()> notify);
    ~Resolver();
    Resolver(const Resolver&) = delete;
    Resolver& operator=(const Resolver&) = delete;

    /// `done` is called inside a later `deliver`, unless the ticket is gone by then.
    [[nodiscard]] Ticket resolve(const std::string& host, Done done);
    void deliver();

private:
    struct State;
    struct Request;

    static void work(const std::shared_ptr<State>& state, std::size_t worker);
    void add_thread_if_needed();

    std::shared_ptr<State> state_;
};

}  // namespace webhooks::transport
