#include "audit.hpp"

#include <libpq-fe.h>

#include <algorithm>
#include <kill/scene.hpp>
#include <memory>
#include <support/catch.hpp>
#include <webhooks/event.hpp>

namespace webhooks::testing {
namespace {

using namespace std::chrono_literals;

constexpr auto retry_pause = 1s;
constexpr auto early = 50ms;

struct LoggedAttempt {
    int number = 0;
    Time sent_at{};
    std::chrono::microseconds duration{};
    int status = 0;
    Outcome outcome{};
};

struct LoggedEvent {
    std::string endpoint;
    std::string payload;
    std::vector<LoggedAttempt> attempts;
};

using Rows = std::unique_ptr<PGresult, void (*)(PGresult*)>;

Rows select(PGconn* connection, const std::string& query) {
    Rows rows(PQexec(connection, query.c_str()), PQclear);
    INFO(PQerrorMessage(connection));
    REQUIRE(PQresultStatus(rows.get()) == PGRES_TUPLES_OK);
    return rows;
}

std::string text(const Rows& rows, int row, int column) {
    return PQgetvalue(rows.get(), row, column);
}

long long number(const Rows& rows, int row, int column) {
    return std::stoll(text(rows, row, column));
}

std::map<EventId, LoggedEvent> read_log(PGconn* connection) {
    std::map<EventId, LoggedEvent> events;
    const Rows all = select(connection,
                            "SELECT e.id, s.name, m.payload FROM webhooks_event e "
                            "JOIN webhooks_subscription s ON s.id = e.subscription_id "
                            "JOIN webhooks_message m ON m.id = e.message_id");
    for (int row = 0; row < PQntuples(all.get()); ++row) {
        events[{number(all, row, 0)}] = {
            .endpoint = text(all, row, 1), .payload = text(all, row, 2), .attempts = {}};
    }
    const Rows attempts = select(connection,
                                 "SELECT event_id, number, sent_at, duration_us, "
                                 "coalesce(status_code, 0), outcome FROM webhooks_attempt "
                                 "ORDER BY event_id, number");
    for (int row = 0; row < PQntuples(attempts.get()); ++row) {
        events[{number(attempts, row, 0)}].attempts.push_back(
            {.number = static_cast<int>(number(attempts, row, 1)),
             .sent_at = Time(std::chrono::microseconds(number(attempts, row, 2))),
             .duration = std::chrono::microseconds(number(attempts, row, 3)),
             .status = static_cast<int>(number(attempts, row, 4)),
             .outcome = static_cast<Outcome>(number(attempts, row, 5))});
    }
    return events;
}

/// How an event for this endpoint ends.
void check_history(const LoggedEvent& event) {
    if (event.endpoint == reader) {
        CHECK(event.attempts.empty());
        return;
    }
    REQUIRE_FALSE(event.attempts.empty());
    CHECK(event.attempts.size() <= (event.endpoint == flaky ? 2 : 1));
    for (std::size_t i = 0; i < event.attempts.size(); ++i) {
        const LoggedAttempt& attempt = event.attempts[i];
        const bool is_last = i + 1 == event.attempts.size();
        CHECK(attempt.number == static_cast<int>(i) + 1);
        CHECK(attempt.outcome == (is_last ? Outcome::delivered : Outcome::retry));
        if (i == 0) continue;
        const LoggedAttempt& before = event.attempts[i - 1];
        CHECK(attempt.sent_at >= before.sent_at + before.duration + retry_pause - early);
    }
}

/// @param requests in order of arrival. @return the number that are not attempts in the log
std::size_t check_requests(const LoggedEvent& event, const std::vector<Request>& requests) {
    for (const Request& request : requests) {
        INFO(request.signature_error);
        CHECK(request.signature_error.empty());
        CHECK(request.endpoint == event.endpoint);
        CHECK(request.body == event.payload);
        CHECK(request.webhook_id == requests.front().webhook_id);
    }
    for (const LoggedAttempt& attempt : event.attempts) {
        const auto has_status = [&](const auto& one) { return one.status == attempt.status; };
        CHECK(std::ranges::count_if(event.attempts, has_status) <=
              std::ranges::count_if(requests, has_status));
    }
    REQUIRE(requests.size() >= event.attempts.size());
    if (event.endpoint == reader) CHECK(requests.empty());
    if (requests.size() == event.attempts.size() && requests.size() == 2) {
        CHECK(requests[1].arrived - requests[0].arrived >= retry_pause - early);
    }
    return requests.size() - event.attempts.size();
}

/// @param subscriptions how many each publication reaches
void check_publications(const Published& published, const std::map<EventId, LoggedEvent>& log,
                        std::size_t subscriptions) {
    std::map<std::string, int> numbers;
    for (const auto& [number, ids] : published.acknowledged) {
        numbers[payload_of(number)] = number;
    }
    for (const auto* others : {&published.rejected, &published.unknown}) {
        for (const int number : *others) {
            numbers[payload_of(number)] = number;
        }
    }
    std::map<int, std::set<EventId>> found;
    for (const auto& [id, event] : log) {
        const auto place = numbers.find(event.payload);
        REQUIRE(place != numbers.end());
        found[place->second].insert(id);
    }
    for (const auto& [number, ids] : published.acknowledged) {
        INFO("publication " << number);
        CHECK(ids.size() == subscriptions);
        CHECK(found[number] == std::set(ids.begin(), ids.end()));
    }
    for (const int number : published.rejected) {
        INFO("publication " << number);
        CHECK_FALSE(found.contains(number));
    }
    for (const int number : published.unknown) {
        INFO("publication " << number);
        CHECK((!found.contains(number) || found[number].size() == subscriptions));
    }
}

EventId event_of(const std::string& webhook_id) {
    return {std::stoll(webhook_id.substr(webhook_id.find('_') + 1))};
}

}  // namespace

std::size_t Findings::repeated() const {
    std::size_t sum = 0;
    for (const auto& [run, count] : unrecorded) {
        sum += count;
    }
    return sum;
}

Findings audit(const std::string& uri, const std::string& schema, const Published& published,
               const std::vector<Request>& requests, const std::set<int>& interrupted) {
    const std::unique_ptr<PGconn, void (*)(PGconn*)> connection(PQconnectdb(uri.c_str()), PQfinish);
    PQclear(PQexec(connection.get(), ("SET search_path = " + schema).c_str()));
    CHECK(number(select(connection.get(),
                        "SELECT count(*) FROM webhooks_undelivered WHERE due_at IS NOT NULL "
                        "OR claimed_by <> 0"),
                 0, 0) == 0);
    const std::map<EventId, LoggedEvent> log = read_log(connection.get());
    const auto subscriptions =
        select(connection.get(), "SELECT count(*) FROM webhooks_subscription");
    check_publications(published, log, static_cast<std::size_t>(number(subscriptions, 0, 0)));

    std::map<EventId, std::vector<Request>> by_event;
    for (const Request& request : requests) {
        by_event[event_of(request.webhook_id)].push_back(request);
    }
    Findings findings{.events = log.size(), .requests = requests.size()};
    for (const auto& [id, event] : log) {
        INFO(event.endpoint << ", event " << id.value);
        std::vector<Request> received = by_event[id];
        by_event.erase(id);
        check_history(event);
        const std::size_t unrecorded = check_requests(event, received);
        std::stable_partition(received.begin(), received.end(), [&](const Request& request) {
            return interrupted.contains(request.run);
        });
        findings.max_unrecorded = std::max(findings.max_unrecorded, unrecorded);
        for (std::size_t i = 0; i < unrecorded; ++i) {
            ++findings.unrecorded[received[i].run];
        }
    }
    CHECK(by_event.empty());
    return findings;
}

}  // namespace webhooks::testing
