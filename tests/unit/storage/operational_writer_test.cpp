#include <map>
#include <storage/operational_writer.hpp>
#include <support/catch.hpp>
#include <utility>

namespace webhooks::storage {
namespace {

using namespace std::chrono_literals;
using Catch::Matchers::ContainsSubstring;

constexpr Time start{1000h};
constexpr std::chrono::seconds window = 10min;

/// The one to operational events.
constexpr SubscriptionId operational_subscription{1'000'000};

/// A table in memory; every owner but "nobody" has that subscription.
class Table : public OperationalTable {
public:
    std::vector<SubscriptionId> recipients(const OperationalEvent&,
                                           const std::string& owner) override {
        if (owner == "nobody") return {};
        return {recipient_count, operational_subscription};
    }
    void append(const Message& message, const std::vector<SubscriptionId>&, Time) override {
        appended.push_back(*message.payload);
    }
    std::optional<PendingFact> find_pending(SubscriptionId id, const std::string& type) override {
        const auto found = pending.find({id, type});
        return found == pending.end() ? std::nullopt : std::optional(found->second);
    }
    void put_pending(const PendingFact& fact) override {
        pending.insert_or_assign({fact.fact.subscription, fact.fact.type}, fact);
    }
    void erase_pending(const PendingFact& fact) override {
        pending.erase({fact.fact.subscription, fact.fact.type});
    }
    std::vector<PendingFact> due_pending(Time now, std::size_t limit) override {
        std::vector<PendingFact> due;
        for (const auto& [key, fact] : pending) {
            if (fact.due <= now && due.size() < limit) due.push_back(fact);
        }
        return due;
    }
    MinuteCount minute_count() override { return count; }
    void set_minute_count(const MinuteCount& value) override { count = value; }

    std::size_t recipient_count = 1;
    std::vector<std::string> appended;
    std::map<std::pair<SubscriptionId, std::string>, PendingFact> pending;
    MinuteCount count;
};

std::vector<OperationalEvent> write(Table& table, const Fact& fact, Time now) {
    OperationalWriter writer(table, window, now);
    writer.write(fact);
    return writer.take_events();
}

std::vector<OperationalEvent> write_due(Table& table, Time now, std::size_t limit = 10'000) {
    OperationalWriter writer(table, window, now);
    writer.write_due(limit);
    return writer.take_events();
}

Fact exhausted_fact(std::int64_t count) {
    return exhausted({.id = {7}, .event_type = "*", .user_id = "ann"}, {.id = {12}}, count);
}

Fact created_fact(std::int64_t id, std::string owner = "ann") {
    return created({.id = {id}, .event_type = "*", .user_id = std::move(owner)},
                   Principal::user("ann"));
}

}  // namespace

TEST_CASE("a fact becomes one event at once") {
    Table table;
    CHECK(write(table, created_fact(7), start).size() == 1);
    CHECK(table.appended.size() == 1);
    CHECK(table.pending.empty());
    CHECK(table.count.events == 1);
}

TEST_CASE("of a window the first exhausted event is told at once, and the rest at its end") {
    Table table;
    CHECK(write(table, exhausted_fact(400), start).size() == 1);
    CHECK(write(table, exhausted_fact(600), start + 1min).empty());
    CHECK(write_due(table, start + window - 1us).empty());
    const auto rest = write_due(table, start + window);
    REQUIRE(rest.size() == 1);
    REQUIRE(table.appended.size() == 2);
    CHECK_THAT(table.appended[0], ContainsSubstring(R"("count":1,)"));
    CHECK_THAT(table.appended[1], ContainsSubstring(R"("count":999,"since":"1970-02-11T16:00:00)"));
    CHECK(rest[0].body == table.appended[1]);
}

TEST_CASE("a subscription that becomes one to these events is not told what is pending of itself") {
    Table table;
    const Fact fact = created_fact(operational_subscription.value);
    table.put_pending({.fact = fact, .since = start, .due = start + 1min});
    CHECK(write_due(table, start + 1min).size() == 1);
    CHECK(table.appended.empty());
}

TEST_CASE("after the rest of a window another one begins, and it ends if nothing happens") {
    Table table;
    write(table, exhausted_fact(2), start);
    write_due(table, start + window);
    CHECK(write(table, exhausted_fact(1), start + window + 1s).empty());
    const auto rest = write_due(table, start + 2 * window);
    REQUIRE(rest.size() == 1);
    CHECK_THAT(rest[0].body, ContainsSubstring(R"("count":1,"since":"1970-02-11T16:10:01)"));
    CHECK(write_due(table, start + 3 * window).empty());
    CHECK(table.pending.empty());
    CHECK(write(table, exhausted_fact(1), start + 3 * window).size() == 1);
}

TEST_CASE("beyond the maximum of a minute facts are counted, and told in the next") {
    Table table;
    for (std::int64_t id = 1; id <= 1000; ++id) {
        write(table, created_fact(id), start);
    }
    CHECK(table.appended.size() == 1000);
    CHECK(write(table, created_fact(2000), start + 59s).empty());
    CHECK(write(table, created_fact(2000), start + 59s).empty());
    CHECK(write_due(table, start + 59s).empty());
    const auto late = write_due(table, start + 60s);
    REQUIRE(late.size() == 1);
    CHECK_THAT(late[0].body, ContainsSubstring(R"("count":2,"since":"1970-02-11T16:00:59)"));
    CHECK(table.pending.empty());
    CHECK(table.count == MinuteCount{.minute = start.time_since_epoch() / 1min + 1, .events = 1});
}

TEST_CASE("what exceeds the maximum again waits for another minute") {
    Table table;
    table.recipient_count = 600;
    write(table, created_fact(1), start);
    CHECK(write(table, created_fact(2), start).empty());
    CHECK(write(table, created_fact(3), start).empty());
    CHECK(write_due(table, start + 1min).size() == 1);
    CHECK(write_due(table, start + 1min).empty());
    CHECK(write_due(table, start + 2min).size() == 1);
    CHECK(table.appended.size() == 3);
}

TEST_CASE("an event for more subscriptions than a minute has room for is told nevertheless") {
    Table table;
    table.recipient_count = 5000;
    CHECK(write(table, created_fact(1), start).size() == 1);
    CHECK(write(table, created_fact(2), start).empty());
    CHECK(write_due(table, start + 1min).size() == 1);
}

TEST_CASE("where nobody subscribes the observer alone hears of a fact, without a maximum") {
    Table table;
    for (std::int64_t id = 1; id <= 1500; ++id) {
        CHECK(write(table, created_fact(id, "nobody"), start).size() == 1);
    }
    Fact own = created_fact(1);
    own.owner.reset();
    CHECK(write(table, own, start).size() == 1);
    CHECK(table.appended.empty());
    CHECK(table.pending.empty());
}

TEST_CASE("a limit holds for the pending facts that are examined at once") {
    Table table;
    table.recipient_count = 1000;
    write(table, created_fact(1), start);
    table.recipient_count = 1;
    for (std::int64_t id = 2; id <= 6; ++id) {
        write(table, created_fact(id), start);
    }
    CHECK(write_due(table, start + 1min, 3).size() == 3);
    CHECK(write_due(table, start + 1min, 3).size() == 2);
}

}  // namespace webhooks::storage
