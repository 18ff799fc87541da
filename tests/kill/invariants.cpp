#include "invariants.hpp"

#include <algorithm>
#include <iterator>
#include <kill/scene.hpp>
#include <support/catch.hpp>
#include <webhooks/principal.hpp>

namespace webhooks::testing {
namespace {

using namespace std::chrono_literals;

const Principal auditor = Principal::administrator("auditor");
constexpr auto retry_pause = 1s;
constexpr auto early = 50ms;

std::vector<Event> events_of(Storage& storage, SubscriptionId subscription) {
    std::vector<Event> events;
    std::int64_t last = 0;
    while (true) {
        const auto page =
            storage.list_events(auditor, subscription, {.take = max_take, .after = last}).value();
        if (page.items.empty()) return events;
        last = page.items.back().id.value;
        events.insert(events.end(), page.items.begin(), page.items.end());
    }
}

std::vector<Request> sent_in(int run, const std::vector<Request>& requests) {
    std::vector<Request> sent;
    std::ranges::copy_if(requests, std::back_inserter(sent),
                         [&](const Request& request) { return request.run == run; });
    return sent;
}

std::vector<Attempt> recorded_in(const Run& run, const std::vector<Attempt>& attempts) {
    std::vector<Attempt> recorded;
    std::ranges::copy_if(attempts, std::back_inserter(recorded), [&](const Attempt& attempt) {
        return run.began <= attempt.sent_at && attempt.sent_at < run.ended;
    });
    return recorded;
}

/// How the history of an event for this endpoint ends, and after how many attempts at most.
void check_end(const std::string& endpoint, const EventHistory& history) {
    const std::vector<Attempt>& attempts = history.attempts;
    CHECK_FALSE(history.event.next_retry_at);
    if (endpoint == reader) {
        CHECK(attempts.empty());
        CHECK(history.event.is_success);
        return;
    }
    REQUIRE_FALSE(attempts.empty());
    for (std::size_t i = 0; i < attempts.size(); ++i) {
        CHECK(attempts[i].number == static_cast<int>(i) + 1);
        if (i + 1 < attempts.size()) CHECK(attempts[i].outcome == Outcome::retry);
    }
    if (endpoint == broken) {
        CHECK(attempts.back().outcome == Outcome::exhausted);
        CHECK(history.event.error_message == "endpoint responded with 500");
        CHECK(attempts.size() == 2);
    } else {
        CHECK(attempts.back().outcome == Outcome::delivered);
        CHECK(history.event.is_success);
        CHECK(attempts.size() <= (endpoint == flaky ? 2 : 1));
    }
}

/// Compares the requests for an event with its attempts, run by run: each attempt was a request
/// with that status, and a request without an attempt is the last one of a run that was killed.
/// @param requests In order of arrival. @return the requests without an attempt
int check_requests(const std::vector<Request>& requests, const std::vector<Attempt>& attempts,
                   const std::vector<Run>& runs) {
    int unrecorded = 0;
    std::size_t matched = 0;
    bool has_ended = false;
    std::optional<Time> due;
    for (std::size_t run = 0; run < runs.size(); ++run) {
        const std::vector<Request> sent = sent_in(static_cast<int>(run), requests);
        const std::vector<Attempt> recorded = recorded_in(runs[run], attempts);
        INFO("run " << run);
        REQUIRE(sent.size() >= recorded.size());
        REQUIRE(sent.size() - recorded.size() <= (runs[run].was_killed ? 1 : 0));
        for (std::size_t i = 0; i < sent.size(); ++i) {
            CHECK_FALSE(has_ended);
            if (due) CHECK(sent[i].arrived >= *due - early);
            if (i == recorded.size()) {
                ++unrecorded;
                continue;
            }
            const Attempt& attempt = recorded[i];
            CHECK(attempt.status_code == sent[i].status);
            CHECK(attempt.sent_at <= sent[i].arrived);
            CHECK((attempt.outcome == Outcome::delivered) == (sent[i].status / 100 == 2));
            has_ended = attempt.outcome != Outcome::retry;
            due = attempt.sent_at + attempt.duration + retry_pause;
        }
        matched += recorded.size();
    }
    CHECK(matched == attempts.size());
    return unrecorded;
}

/// What a subscription's feed has, from its beginning.
std::vector<EventId> read_feed(Storage& storage, SubscriptionId subscription) {
    std::vector<EventId> read;
    FeedRequest request{.take = 7, .max_bytes = 1'000'000};
    for (bool has_more = true; has_more;) {
        const FeedRows rows = storage.read_feed(auditor, subscription, request).value();
        for (const HeldEvent& event : rows.events) {
            read.push_back(event.id);
        }
        request.from = rows.next;
        has_more = rows.has_more;
    }
    return read;
}

/// Each event once, in order.
void check_feed(Storage& storage, SubscriptionId subscription, std::vector<Event> events) {
    std::ranges::sort(events, {}, &Event::id);
    CHECK(std::ranges::equal(read_feed(storage, subscription), events, {}, {}, &Event::id));
}

/// What is left to take over, or to break, for the next worker.
/// @param event One from the log.
void check_storage(Storage& storage, const Event& event) {
    const Worker worker = storage.register_worker(10s).value();
    CHECK(storage.take_over(worker.id, 1000).value() == 0);
    const Claim claim = storage.claim(worker.id, 1000).value();
    CHECK(claim.events.empty());
    CHECK_FALSE(claim.next_due);

    // The last worker is dead; its later writes change nothing.
    Batch batch{.number = 1000};
    batch.attempts.push_back({.event = event.id,
                              .subscription = event.subscription_id,
                              .attempt = {.number = 99, .outcome = Outcome::retry},
                              .due = event.created_at});
    CHECK(storage.write({worker.id.value - 1}, batch).error() == Errc::fenced);
    for (const Attempt& attempt :
         storage.find_event(auditor, event.subscription_id, event.id).value().attempts) {
        CHECK(attempt.number != 99);
    }
    CHECK_FALSE(storage.claim(worker.id, 1000).value().next_due);
}

/// Of an operational event: about whom it is, or which worker was lost.
std::string subject_of(const Event& event) {
    for (const char* begin : {R"("name":")", R"("workerId":)"}) {
        const std::size_t at = event.payload.find(begin);
        if (at == std::string::npos) continue;
        const std::size_t first = at + std::string(begin).size();
        return event.payload.substr(first, event.payload.find_first_of("\",}", first) - first);
    }
    return {};
}

/// How many times it stands for.
int count_of(const Event& event) {
    const std::string begin = R"("count":)";
    const std::size_t at = event.payload.find(begin);
    return at == std::string::npos ? 1 : std::stoi(event.payload.substr(at + begin.size()));
}

/// What subscribers heard: everything once, however often workers were killed.
/// @param exhausted the number of events that used up their attempts
void check_operational(const std::vector<Event>& events, int exhausted,
                       const std::vector<Run>& runs) {
    std::map<std::string, std::map<std::string, int>> counts;
    for (const Event& event : events) {
        const std::string subject = subject_of(event);
        INFO(event.payload);
        CHECK(event.is_success);
        CHECK(subject != listener);
        std::map<std::string, int>& told = counts[event.event_type];
        told[subject] += count_of(event);
        const bool is_recovered = event.event_type == "webhook.subscription.recovered";
        const bool is_failing = event.event_type == "webhook.subscription.failing";
        // They alternate.
        const int failing = counts["webhook.subscription.failing"][subject];
        const int recovered = counts["webhook.subscription.recovered"][subject];
        if (is_failing) CHECK(failing == recovered + 1);
        if (is_recovered) CHECK(failing == recovered);
    }
    CHECK(counts["webhook.subscription.created"] ==
          std::map<std::string, int>{{steady, 1}, {flaky, 1}, {broken, 1}, {reader, 1}});
    CHECK(counts["webhook.event.exhausted"][broken] == exhausted);
    CHECK(counts["webhook.subscription.failing"][broken] <= 1);
    CHECK(counts["webhook.subscription.recovered"][broken] == 0);
    for (const auto& [worker, times] : counts["webhook.worker.lost"]) {
        INFO("worker " << worker);
        CHECK(times == 1);
    }
    CHECK(counts["webhook.worker.lost"].size() <=
          static_cast<std::size_t>(std::ranges::count(runs, true, &Run::was_killed)));
}

/// Each change has one audit record, however often workers were killed.
void check_audit(Storage& storage) {
    std::map<std::string, int> counts;
    for (const AuditRecord& record : storage.list_audit(auditor, {.take = max_take}).value().items)
        ++counts[record.action + " " + record.object_id];
    std::map<std::string, int> expected;
    for (const Subscription& subscription : storage.list_subscriptions(auditor, {}).value().items)
        expected["subscription.created " + std::to_string(subscription.id.value)] = 1;
    CHECK(expected.size() == 5);
    for (const EventType& type : storage.configuration(0).value().event_types)
        expected["event_type.created " + type.name] = 1;
    CHECK(counts == expected);
}

EventId event_of(const std::string& webhook_id) {
    return {std::stoll(webhook_id.substr(webhook_id.find('_') + 1))};
}

using RequestsByEvent = std::map<EventId, std::vector<Request>>;

/// Checks each request on its own.
RequestsByEvent check_signatures(const std::vector<Request>& requests) {
    RequestsByEvent by_event;
    for (const Request& request : requests) {
        INFO(request.signature_error);
        CHECK(request.signature_error.empty());
        std::vector<Request>& same = by_event[event_of(request.webhook_id)];
        same.push_back(request);
        CHECK(same.front().webhook_id == request.webhook_id);
    }
    return by_event;
}

/// The publication of each event.
using Numbers = std::map<EventId, int>;

/// @return of the events of this subscription
Numbers check_payloads(const std::vector<Event>& events, int publications) {
    std::map<std::string, int> unseen;
    for (int number = 0; number < publications; ++number) {
        unseen[payload_of(number)] = number;
    }
    Numbers numbers;
    for (const Event& event : events) {
        const auto found = unseen.find(event.payload);
        REQUIRE(found != unseen.end());
        numbers[event.id] = found->second;
        unseen.erase(found);
    }
    CHECK(unseen.empty());
    return numbers;
}

void check_acknowledged(const Logs& logs, const Numbers& numbers) {
    CHECK(logs.acknowledged.size() == static_cast<std::size_t>(logs.publications));
    for (const auto& [number, events] : logs.acknowledged) {
        CHECK(events.size() == 4);
        for (const EventId event : events) {
            INFO("event " << event.value);
            REQUIRE(numbers.contains(event));
            CHECK(numbers.at(event) == number);
        }
    }
}

}  // namespace

int check_invariants(const Logs& logs) {
    RequestsByEvent requests = check_signatures(logs.requests);
    Numbers numbers;
    int unrecorded = 0;
    std::vector<Event> events;
    std::vector<Event> operational;
    for (const Subscription& subscription :
         logs.storage->list_subscriptions(auditor, {}).value().items) {
        if (subscription.name == listener) {
            operational = events_of(*logs.storage, subscription.id);
            continue;
        }
        events = events_of(*logs.storage, subscription.id);
        numbers.merge(check_payloads(events, logs.publications));
        check_feed(*logs.storage, subscription.id, events);
        for (const Event& event : events) {
            INFO(subscription.name << ", event " << event.id.value);
            const EventHistory history =
                logs.storage->find_event(auditor, subscription.id, event.id).value();
            check_end(subscription.name, history);
            const std::vector<Request> received = std::move(requests[event.id]);
            requests.erase(event.id);
            for (const Request& request : received) {
                CHECK(request.endpoint == subscription.name);
                CHECK(request.body == event.payload);
            }
            unrecorded += check_requests(received, history.attempts, logs.runs);
        }
    }
    for (const Event& event : operational) {
        const std::vector<Request> received = std::move(requests[event.id]);
        requests.erase(event.id);
        const EventHistory history =
            logs.storage->find_event(auditor, event.subscription_id, event.id).value();
        unrecorded += check_requests(received, history.attempts, logs.runs);
        for (const Request& request : received) {
            CHECK(request.endpoint == listener);
            CHECK(request.body == event.payload);
        }
    }
    CHECK(requests.empty());
    // Each event of the broken endpoint is one.
    check_operational(operational, logs.publications, logs.runs);
    check_acknowledged(logs, numbers);
    check_audit(*logs.storage);
    check_storage(*logs.storage, events.back());
    return unrecorded;
}

}  // namespace webhooks::testing
