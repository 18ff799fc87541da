#include <fstream>
#include <publication/webhook_id.hpp>
#include <storage/operational_facts.hpp>
#include <support/catch.hpp>

namespace webhooks::storage {
namespace {

using namespace std::chrono_literals;

constexpr Time day{std::chrono::sys_days(std::chrono::year(2026) / 1 / 31)};
constexpr Time failing_since = day + 9h + 5min;
constexpr Time noticed = day + 10h + 5min + 7120ms;
constexpr Time changed_at = day + 8h;

/// The JSON of the page, each document in one line.
std::vector<std::string> documented() {
    std::ifstream page(WEBHOOKS_SOURCE_FOLDER "/docs/operational-events.md");
    std::vector<std::string> documents;
    bool is_inside = false;
    for (std::string line; std::getline(page, line);) {
        if (line.starts_with("```")) {
            is_inside = line == "```json";
            if (is_inside) documents.emplace_back();
        } else if (is_inside) {
            documents.back() += line.substr(std::min(line.find_first_not_of(' '), line.size()));
        }
    }
    return documents;
}

Subscription orders() {
    return {.id = {7},
            .name = "Orders",
            .event_type = "order.*",
            .url = "https://ann.example/hook?token=1234",
            .secret = Secret("a secret"),
            .headers = {{"authorization", "Basic eDp5"}},
            .user_id = "ann"};
}

Fact failing_orders() {
    return failing(orders(), {.failing_since = failing_since,
                              .deactivates_at = failing_since + 5 * 24h,
                              .last_attempt = LastAttempt{
                                  .event = {412},
                                  .number = 4,
                                  .sent_at = day + 10h + 5min + 7001ms,
                                  .status_code = 500,
                                  .error_message = "endpoint responded with 500",
                              }});
}

Fact deactivated_orders() {
    return deactivated(orders(),
                       {.failing_since = failing_since,
                        .last_attempt = LastAttempt{.event = {431},
                                                    .number = 2,
                                                    .sent_at = failing_since + 5 * 24h + 900ms,
                                                    .error_message = "connection refused"}},
                       3);
}

Fact exhausted_orders() {
    return exhausted(orders(),
                     {.id = {412},
                      .worker_tag = 0x00ab47cd0123f567,
                      .event_type = "order.created",
                      .created_at = failing_since - 130ms},
                     37);
}

Fact updated_orders() {
    Subscription after = orders();
    Subscription before = orders();
    before.url = "https://ann.example/before";
    before.secret = Secret("another secret");
    return updated(before, after, Principal::administrator("root")).value();
}

std::vector<OperationalEvent> examples() {
    const Principal ann = Principal::user("ann");
    const auto now = [](const Fact& fact, Time time) { return make_event(fact, time, time); };
    return {
        now(failing_orders(), noticed),
        now(recovered(orders(), 3630s, 12), day + 10h + 5min + 30s),
        now(deactivated_orders(), failing_since + 5 * 24h + 1s),
        make_event(exhausted_orders(), noticed, noticed + 10min),
        now(created(orders(), ann), changed_at),
        now(updated_orders(), changed_at),
        now(deleted(orders(), ann), changed_at),
        now(secret_rotated(orders(), ann), changed_at),
        now(worker_lost({3}, WorkerReport{.host = "app-2", .version = "1.0.0"}, 118), changed_at)};
}

}  // namespace

TEST_CASE("operational events are sent as documented and as their types show, one of each") {
    std::vector<std::string> bodies;
    std::vector<std::string> types;
    for (const OperationalEvent& event : examples()) {
        bodies.push_back(event.body);
        types.push_back(event.type);
    }
    CHECK(documented() == bodies);
    std::ranges::sort(types);
    std::ranges::sort(bodies);
    std::vector<std::string> known;
    std::vector<std::string> shown;
    for (const EventType& type : operational_event_types()) {
        known.push_back(type.name);
        shown.push_back(type.example);
    }
    CHECK(types == known);
    CHECK(shown == bodies);
}

}  // namespace webhooks::storage
