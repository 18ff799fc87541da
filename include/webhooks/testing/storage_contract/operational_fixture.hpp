#pragma once

#include <webhooks/testing/storage_contract/fixture.hpp>

namespace webhooks::testing::storage_contract {
namespace {

using namespace std::chrono_literals;

/// A storage with subscriptions to operational events: alice's, bob's and an operator's.
class OperationalFixture : public Fixture {
public:
    explicit OperationalFixture(StorageUnderTest& given) : Fixture(given) {
        storage->set_operational_listener(
            [this](const OperationalEvent& event) { heard.push_back(event); });
        of_alice = subscribe_to("webhook.*", "alice");
        of_bob = subscribe_to("webhook.*", "bob");
        of_operator = subscribe_to("webhook.*", "admin", true);
    }
    OperationalFixture(const OperationalFixture&) = delete;
    OperationalFixture& operator=(const OperationalFixture&) = delete;
    ~OperationalFixture() { storage->set_operational_listener({}); }

    SubscriptionId subscribe_to(const std::string& pattern, const std::string& owner,
                                bool operator_scope = false) {
        return storage
            ->insert_subscription(Principal::user(owner),
                                  {.name = "listens",
                                   .event_type = pattern,
                                   .url = "https://hooks.example.com/listens",
                                   .operator_scope = operator_scope,
                                   .user_id = owner})
            .value()
            .id;
    }

    /// A storage without these events keeps the defaults, and still fulfils the contract.
    bool is_unsupported() {
        subscribe("alice");
        const bool is_silent = heard.empty();
        drain();
        return is_silent;
    }

    std::vector<Event> events_of(SubscriptionId id) {
        std::vector<Event> events = storage->list_events(admin, id, {.take = 1000}).value().items;
        std::erase_if(events, [&](const Event& event) { return event.id <= seen; });
        return events;
    }
    std::vector<std::string> types_of(SubscriptionId id) {
        std::vector<std::string> types;
        for (const Event& event : events_of(id))
            types.push_back(event.event_type);
        return types;
    }
    /// Forgets what has happened so far.
    void drain() {
        heard.clear();
        seen = storage->heartbeat(worker.id).value().last_event;
        while (!claim().empty()) {
        }
    }

    static bool says(const Event& event, const std::string& text) {
        INFO(event.payload);
        return event.payload.find(text) != std::string::npos;
    }

    void exhaust(SubscriptionId id, int count) {
        Batch appending{.revision = revision()};
        Batch batch{.exhausted_window = 10min};
        for (int i = 0; i < count; ++i) {
            appending.appends.push_back({.message = message("{}"), .subscriptions = {id}});
        }
        for (const Result<Appended>& appended : write(appending).appends) {
            batch.attempts.push_back({.event = appended.value().first_event,
                                      .subscription = id,
                                      .attempt = {.number = 1,
                                                  .sent_at = clock->now(),
                                                  .status_code = 500,
                                                  .response = "canary",
                                                  .outcome = Outcome::exhausted}});
        }
        write(batch);
    }
    void append_due() { storage->append_due_operational(10min, 1000).value(); }

    FailingNotice notice_of(const Subscription& judged) {
        const Time since = clock->now() - 1h;
        return {.subscription = judged.id,
                .revision = judged.revision,
                .failing_since = since,
                .deactivates_at = since + 120h,
                .last_attempt = LastAttempt{.event = {5},
                                            .number = 3,
                                            .sent_at = clock->now(),
                                            .error_message = "no response"}};
    }

    std::vector<OperationalEvent> heard;
    SubscriptionId of_alice, of_bob, of_operator;
    EventId seen{};
};

}  // namespace
}  // namespace webhooks::testing::storage_contract
