#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>
#include <webhooks/ids.hpp>
#include <webhooks/time.hpp>

#include "generator.hpp"

namespace webhooks::simulation {

/// The requests of one process, as the network sees them: what its service has in flight, and what
/// it must know of its endpoints from their answers.
class Traffic {
public:
    struct Request {
        WorkerId identity{};
        SubscriptionId subscription{};
        bool is_test = false;
        std::string host;
        /// The number of the subscription's version that the process must know; 0: it may know
        /// several.
        std::size_t version = 0;
        SteadyTime answered_at{};
        enum class Answer : std::uint8_t { success, failure, none } answer = Answer::none;
    };

    void start(Request request, int rate_limit, SteadyTime now);
    /// The service has taken all answers that were ready by then.
    /// @param world_now the same time of the world.
    void take_answers(WorkerId identity, SteadyTime now, Micros world_now);

    template <class Predicate>
    std::size_t count_in_flight(WorkerId identity, Predicate predicate) const {
        std::size_t count = 0;
        for (const Request& request : in_flight_) {
            if (request.identity == identity && predicate(request)) ++count;
        }
        return count;
    }
    /// Failures since the latest success, all of the given version.
    int failures_in_row(SubscriptionId subscription, std::size_t version) const;
    /// When the service heard of the latest success, in the world's time, if it has.
    std::optional<Micros> latest_success(SubscriptionId subscription) const;
    /// Before which a rate limit allows no request.
    SteadyTime next_by_rate(SubscriptionId subscription) const;

private:
    struct Failures {
        std::size_t version = 0;
        int in_row = 0;
    };

    void note(const Request& request, Micros world_now);

    std::vector<Request> in_flight_;
    std::map<SubscriptionId, Failures> failures_;
    std::map<SubscriptionId, Micros> successes_;
    /// When the next request of a subscription would go if all were evenly spaced.
    std::map<SubscriptionId, SteadyTime> evenly_;
};

}  // namespace webhooks::simulation
