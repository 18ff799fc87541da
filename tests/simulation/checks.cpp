#include "checks.hpp"

#include <algorithm>
#include <string>
#include <webhooks/signature.hpp>

#include "world.hpp"

namespace webhooks::simulation {
namespace {

using namespace std::chrono_literals;

template <class Subject>
void check_all(const std::vector<Check<Subject>>& checks, const Subject& subject,
               const EventState& event) {
    for (const Check<Subject>& check : checks) {
        if (check.is_kept(subject)) continue;
        subject.world.fail(std::string(check.holds) + " (event " + std::to_string(event.id.value) +
                           " of subscription " + std::to_string(event.subscription.value) + ")");
    }
}

const PublicationState& publication_of(const World& world, const EventState& event) {
    return world.model.publications.at(event.publication);
}

/// By when a worker that nothing delays knows of a change.
Micros bound_of_staleness(const World& world) {
    return 2 * Micros(world.config.options.heartbeat_interval) + 1s +
           10 * world.config.call_latency;
}

/// Of the versions of a subscription that a process may still go by.
template <class Predicate>
bool any_known(const Arrival& arrival, Predicate predicate) {
    const auto& versions =
        arrival.world.model.subscriptions.at(arrival.event.subscription).versions;
    for (std::size_t i = 0; i < versions.size(); ++i) {
        const bool may_be_known = i + 1 == versions.size() ||
                                  !must_know(arrival.world, arrival.process, versions[i + 1].since);
        if (may_be_known && predicate(versions[i])) return true;
    }
    return false;
}

bool is_signed_by(const Arrival& arrival, const Version& version) {
    const OutgoingRequest& request = arrival.request;
    const Time now = arrival.world.storage_clock.now();
    const auto verifies = [&](const Secret& secret) {
        return verify(secret,
                      {.id = request.webhook_id,
                       .timestamp = request.webhook_timestamp,
                       .signature = request.webhook_signature,
                       .body = *request.body},
                      now, std::chrono::hours(1))
            .has_value();
    };
    return verifies(version.subscription.secret) &&
           std::ranges::all_of(
               version.subscription.retired_secrets, [&](const RetiredSecret& retired) {
                   return retired.expires_at <= now + 1s || verifies(retired.secret);
               });
}

// ---- What a worker knows of an endpoint.

/// By which a worker's idea of the time may differ from storage's.
Micros slack_of_time(const World& world) {
    const auto error = [](const auto& process) { return process->time_error.value_or(Micros(0)); };
    return 2s + 2 * world.config.call_latency +
           error(*std::ranges::max_element(world.processes, {}, error));
}

/// Of the current version, as far as the worker has seen answers.
int failures_in_row(const Arrival& arrival) {
    const SubscriptionId id = arrival.event.subscription;
    const std::size_t version = arrival.world.model.subscriptions.at(id).versions.size();
    return arrival.process.traffic().failures_in_row(id, version);
}

bool is_paused(const Arrival& arrival) {
    const auto& pause = arrival.world.model.subscriptions.at(arrival.event.subscription).pause;
    if (!pause || is_test(publication_of(arrival.world, arrival.event))) return false;
    // A success ends it where it is seen, also if it is never written.
    if (arrival.process.traffic().latest_success(arrival.event.subscription) > pause->told)
        return false;
    const bool asked = pause->asked == arrival.process.identity && failures_in_row(arrival) > 0;
    const bool knows = asked || must_know(arrival.world, arrival.process, pause->told);
    return knows && arrival.world.storage_clock.now() < pause->until - slack_of_time(arrival.world);
}

/// A resend was requested, and no worker had the event before since.
bool is_probe(const Arrival& arrival) {
    return arrival.event.is_reopened && arrival.event.claims <= 1;
}

bool must_be_open(const Arrival& arrival) {
    return !is_test(publication_of(arrival.world, arrival.event)) &&
           failures_in_row(arrival) >= arrival.world.config.options.breaker_failures;
}

template <class Predicate>
std::size_t count_in_flight(const Arrival& arrival, Predicate predicate) {
    return arrival.process.traffic().count_in_flight(
        arrival.process.identity,
        [&](const Traffic::Request& request) { return predicate(arrival, request); });
}

bool is_of_same_queue(const Arrival& arrival, const Traffic::Request& request) {
    return request.subscription == arrival.event.subscription && !request.is_test;
}

bool is_of_same_host(const Arrival& arrival, const Traffic::Request& request) {
    return request.host == arrival.request.target->url.authority();
}

/// Whether something holds for each other event with the same subscription and ordering key.
template <class Predicate>
bool all_of_queue(const Arrival& arrival, Predicate predicate) {
    const Model& model = arrival.world.model;
    return std::ranges::all_of(model.events, [&](const auto& entry) {
        const EventState& other = entry.second;
        return !model.is_of_same_queue(arrival.event, other) || predicate(other);
    });
}

const std::vector<Check<Arrival>> arrival_checks = {
    {"what arrives was published, byte for byte",
     [](const Arrival& arrival) {
         return *arrival.request.body ==
                publication_of(arrival.world, arrival.event).publication.payload;
     }},
    {"all requests of an event have the same webhook-id",
     [](const Arrival& arrival) {
         char tag[20];
         std::snprintf(tag, sizeof tag, "%016llx",
                       static_cast<unsigned long long>(arrival.event.tag));
         return parse_webhook_id(arrival.request.webhook_id).tag == tag;
     }},
    {"a worker sends only what it holds",
     [](const Arrival& arrival) {
         return arrival.event.holder == arrival.process.identity &&
                arrival.world.model.is_held(arrival.event);
     }},
    {"an event that has ended is not sent",
     [](const Arrival& arrival) { return !arrival.event.has_ended(); }},
    {"an event is in flight once",
     [](const Arrival& arrival) {
         return std::ranges::none_of(arrival.event.requests, [&](const RequestState& request) {
             return request.identity == arrival.process.identity && !request.is_recorded;
         });
     }},
    {"a request starts after each earlier event with its ordering key has ended",
     [](const Arrival& arrival) {
         return all_of_queue(arrival, [&](const EventState& other) {
             const bool was_reopened = other.is_reopened && other.reopened >= arrival.event.taken;
             return arrival.event.id < other.id || other.has_ended() || was_reopened;
         });
     }},
    {"of the events with an ordering key one is in flight",
     [](const Arrival& arrival) {
         return all_of_queue(arrival, [&](const EventState& other) {
             return !arrival.world.model.is_held(other) || other.open_request() == nullptr;
         });
     }},
    {"an endpoint sees events with an ordering key in order",
     [](const Arrival& arrival) {
         const bool is_first = arrival.event.requests.empty() && arrival.event.attempts.empty();
         return !is_first || arrival.event.is_reopened ||
                all_of_queue(arrival, [&](const EventState& other) {
                    return other.id < arrival.event.id || other.requests.empty();
                });
     }},
    {"no request starts before it is due",
     [](const Arrival& arrival) {
         return !arrival.event.due ||
                arrival.world.storage_clock.now() >= *arrival.event.due - 50ms;
     }},
    {"no request starts past the worker's lease",
     [](const Arrival& arrival) {
         return arrival.process.clock().steady_now() < arrival.process.lease_until;
     }},
    {"a request goes to the subscription's URL",
     [](const Arrival& arrival) {
         const EndpointUrl& to = arrival.request.target->url;
         const std::string url = "https://" + std::string(to.authority()).append(to.target());
         return any_known(arrival,
                          [&](const Version& version) { return url == version.subscription.url; });
     }},
    {"what is inactive or deleted is sent nothing",
     [](const Arrival& arrival) {
         return any_known(arrival, [&](const Version& version) {
             return !version.is_deleted && (version.subscription.is_active ||
                                            is_test(publication_of(arrival.world, arrival.event)));
         });
     }},
    {"an event that was deleted is not sent",
     [](const Arrival& arrival) {
         return !arrival.event.deleted ||
                !must_know(arrival.world, arrival.process, *arrival.event.deleted);
     }},
    {"what has expired is not sent",
     [](const Arrival& arrival) {
         const auto& expires_at =
             publication_of(arrival.world, arrival.event).publication.expires_at;
         return !expires_at ||
                arrival.world.storage_clock.now() < *expires_at + slack_of_time(arrival.world);
     }},
    {"what an endpoint asked for holds for every worker",
     [](const Arrival& arrival) { return !is_paused(arrival) || is_probe(arrival); }},
    {"an endpoint that failed too often gets one request at a time",
     [](const Arrival& arrival) {
         return !must_be_open(arrival) || count_in_flight(arrival, is_of_same_queue) == 0;
     }},
    {"a subscription is sent no more than its rate limit",
     [](const Arrival& arrival) {
         return is_test(publication_of(arrival.world, arrival.event)) ||
                arrival.process.clock().steady_now() >=
                    arrival.process.traffic().next_by_rate(arrival.event.subscription);
     }},
    {"a worker has no more requests in flight than slots",
     [](const Arrival& arrival) {
         return count_in_flight(arrival, [](auto&, auto&) { return true; }) <
                arrival.world.config.options.max_in_flight;
     }},
    {"a host has no more requests in flight than it may have",
     [](const Arrival& arrival) {
         return count_in_flight(arrival, is_of_same_host) <
                arrival.world.config.options.max_in_flight_per_host;
     }},
    {"a request is signed with the current secret, and with those that were replaced lately",
     [](const Arrival& arrival) {
         return any_known(arrival,
                          [&](const Version& version) { return is_signed_by(arrival, version); });
     }},
    {"the timestamp of a request is the time",
     [](const Arrival& arrival) {
         const auto now = arrival.world.storage_clock.now().time_since_epoch();
         const Micros told = std::chrono::seconds(std::stoll(arrival.request.webhook_timestamp));
         return told <= now + 1s && told >= now - slack_of_time(arrival.world);
     }},
};

// ---- Records.

bool is_request(Outcome outcome) {
    return outcome != Outcome::cancelled && outcome != Outcome::expired;
}

bool is_on_schedule(const Record& given) {
    const ServiceOptions& options = given.world.config.options;
    const Attempt& attempt = given.record.attempt;
    const auto row =
        std::min<std::size_t>(static_cast<std::size_t>(given.record.attempts_since_reopened),
                              options.retry_schedule.size()) -
        1;
    const std::chrono::duration<double> pause = options.retry_schedule[row];
    const std::chrono::duration<double> waits =
        *given.record.due - (attempt.sent_at + attempt.duration);
    const bool may_be_longer = attempt.status_code == 429 || attempt.status_code == 503;
    const std::chrono::duration<double> slack = slack_of_time(given.world);
    return waits >= pause * (1 - options.retry_jitter) - slack &&
           (may_be_longer || waits <= pause * (1 + options.retry_jitter) + slack);
}

const std::vector<Check<Record>> record_checks = {
    {"attempts are numbered 1, 2, 3",
     [](const Record& given) {
         return given.record.attempt.number == static_cast<int>(given.event.attempts.size()) + 1;
     }},
    {"an event that has ended stays as it is",
     [](const Record& given) { return !given.event.has_ended(); }},
    {"what is recorded of a request is what its endpoint answered",
     [](const Record& given) {
         if (!is_request(given.record.attempt.outcome)) return true;
         const RequestState* request = given.event.open_request();
         return request != nullptr && request->status == given.record.attempt.status_code;
     }},
    {"delivered is what was answered 2xx, and all of that",
     [](const Record& given) {
         const int status = given.record.attempt.status_code.value_or(0);
         return (given.record.attempt.outcome == Outcome::delivered) == (status / 100 == 2);
     }},
    {"each request counts as a try",
     [](const Record& given) {
         const int requests = is_request(given.record.attempt.outcome) ? 1 : 0;
         return given.record.attempts_since_reopened ==
                given.event.attempts_since_reopened + requests;
     }},
    {"a retry follows the schedule",
     [](const Record& given) {
         return given.record.attempt.outcome != Outcome::retry || is_on_schedule(given);
     }},
    {"a retry waits for as long as its endpoint asked for",
     [](const Record& given) {
         const Attempt& attempt = given.record.attempt;
         const RequestState* request = given.event.open_request();
         return attempt.outcome != Outcome::retry || request == nullptr ||
                *given.record.due >= attempt.sent_at + attempt.duration + request->asked_pause -
                                         slack_of_time(given.world);
     }},
    {"an event is exhausted when its attempts are used up or its endpoint is gone",
     [](const Record& given) {
         if (given.record.attempt.outcome != Outcome::exhausted) return true;
         if (given.record.attempt.status_code == 410) return true;
         if (is_test(publication_of(given.world, given.event))) return true;
         const auto& versions =
             given.world.model.subscriptions.at(given.event.subscription).versions;
         return std::ranges::any_of(versions, [&](const Version& version) {
             return given.record.attempts_since_reopened > version.subscription.max_retry_count;
         });
     }},
    {"an event is cancelled only where its subscription could not have it",
     [](const Record& given) {
         return given.record.attempt.outcome != Outcome::cancelled ||
                given.world.model.was_unwanted(given.event, given.event.reopened);
     }},
    {"an event expires at its time",
     [](const Record& given) {
         if (given.record.attempt.outcome != Outcome::expired) return true;
         const auto& expires_at = publication_of(given.world, given.event).publication.expires_at;
         return expires_at && *expires_at <= given.world.storage_clock.now() + 50ms;
     }},
};

// ---- Claims.

const std::vector<Check<Taken>> taken_checks = {
    {"a worker takes nothing that another one holds",
     [](const Taken& given) {
         return !given.world.model.is_held(given.event) || given.event.holder == given.worker;
     }},
    {"a worker takes nothing that has ended",
     [](const Taken& given) { return !given.event.has_ended(); }},
    {"a worker takes nothing that was deleted",
     [](const Taken& given) { return !given.event.deleted; }},
    {"a worker that takes an event knows its history",
     [](const Taken& given) {
         return given.held.attempts == static_cast<int>(given.event.attempts.size()) &&
                given.held.attempts_since_reopened == given.event.attempts_since_reopened &&
                given.held.worker_tag == given.event.tag &&
                given.held.subscription == given.event.subscription;
     }},
};

// ---- The end.

bool is_unwanted(const Ending& ending) {
    return ending.event.deleted ||
           ending.world.model.subscriptions.at(ending.event.subscription).current().is_deleted;
}

bool is_old(const Ending& ending) {
    const auto retention = ending.world.config.options.retention;
    return retention.count() > 0 &&
           ending.event.created_at + retention <= ending.world.storage_clock.now();
}

const std::vector<Check<Ending>> ending_checks = {
    {"each event ends: delivered, exhausted, cancelled or expired",
     [](const Ending& ending) { return ending.event.has_ended(); }},
    {"an event is kept until it is old",
     [](const Ending& ending) { return ending.stored != nullptr || is_old(ending); }},
    {"what storage shows of an event is its history",
     [](const Ending& ending) {
         return !ending.stored || std::ranges::equal(ending.stored->attempts, ending.event.attempts,
                                                     {}, &Attempt::outcome, &Attempt::outcome);
     }},
    {"an event that has ended waits for nothing",
     [](const Ending& ending) { return !ending.stored || !ending.stored->event.next_retry_at; }},
    {"an event is a success if it was delivered, or is only read",
     [](const Ending& ending) {
         return !ending.stored || ending.stored->event.is_success == ending.event.is_success();
     }},
};

}  // namespace

bool must_know(const World& world, const Process& process, Micros changed) {
    return world.now - std::max(changed, process.latest_trouble()) > bound_of_staleness(world);
}

void check(const Arrival& arrival) {
    check_all(arrival_checks, arrival, arrival.event);
}

void check(const Record& record) {
    check_all(record_checks, record, record.event);
}

void check(const Taken& taken) {
    check_all(taken_checks, taken, taken.event);
}

void check(const Ending& ending) {
    if (!is_unwanted(ending)) check_all(ending_checks, ending, ending.event);
}

}  // namespace webhooks::simulation
