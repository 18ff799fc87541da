#pragma once

#include <chrono>
#include <cstdint>
#include <filter/filter_cache.hpp>
#include <filter/judge.hpp>
#include <memory>
#include <optional>
#include <storage/operational_facts.hpp>
#include <string>
#include <vector>
#include <webhooks/storage.hpp>

namespace webhooks::storage {

/// Facts of one kind about one subscription that wait to become one event. With a count of 0 a
/// window is open, and nothing has happened in it.
struct PendingFact {
    Fact fact;
    Time since{};  ///< When the first of them happened.
    Time due{};
};

/// How many operational events were appended in a minute.
struct MinuteCount {
    std::int64_t minute = 0;  ///< Since 1970.
    std::int64_t events = 0;

    bool operator==(const MinuteCount&) const = default;
};

/// Which subscriptions an operational event is for, by their patterns and filters.
class WEBHOOKS_EXPORT Recipients {
public:
    /// @param event must outlive this object.
    explicit Recipients(const OperationalEvent& event);

    bool include(const std::string& pattern, const std::string& filter, const std::string& user);

private:
    const OperationalEvent& event_;
    filter::FilterCache filters_;
    filter::Judge judge_;
};

/// What a storage keeps for operational events. All calls are part of one transaction, and no other
/// transaction makes such calls meanwhile.
class OperationalTable {
public:
    virtual ~OperationalTable() = default;

    /// The active subscriptions, ascending, whose pattern and filter match the event and that
    /// belong to the owner or have an operator's scope.
    virtual std::vector<SubscriptionId> recipients(const OperationalEvent& event,
                                                   const std::string& owner) = 0;
    /// Appends one message with unclaimed events that are due now.
    virtual void append(const Message&, const std::vector<SubscriptionId>&, Time now) = 0;

    virtual std::optional<PendingFact> find_pending(SubscriptionId, const std::string& type) = 0;
    /// Inserts or replaces it, by subscription and type.
    virtual void put_pending(const PendingFact&) = 0;
    virtual void erase_pending(const PendingFact&) = 0;
    /// Those that are due, earliest first.
    virtual std::vector<PendingFact> due_pending(Time now, std::size_t limit) = 0;

    virtual MinuteCount minute_count() = 0;
    virtual void set_minute_count(const MinuteCount&) = 0;
};

/// Decides which operational events follow from facts, and appends them:
/// - Exhausted events: the first of a window at once, the rest of it as one at its end.
/// - Everything else at once.
/// - Beyond a maximum each minute, facts are counted and become one event later.
class WEBHOOKS_EXPORT OperationalWriter {
public:
    static constexpr std::int64_t max_events_in_minute = 1000;

    OperationalWriter(OperationalTable& table, std::chrono::seconds exhausted_window, Time now)
        : table_(table), exhausted_window_(exhausted_window), now_(now) {}

    /// Storage's time.
    Time now() const noexcept { return now_; }

    void write(const Fact& fact);
    /// Makes events of pending facts that are due. @param limit the maximum number to examine
    void write_due(std::size_t limit);
    /// How many events were appended.
    std::size_t appended() const noexcept { return appended_; }
    /// What was written, for the observer, also where nobody subscribes to it.
    std::vector<OperationalEvent> take_events() { return std::move(events_); }

private:
    /// Never the subscription that the fact is about.
    std::vector<SubscriptionId> recipients(const Fact& fact, const OperationalEvent& event);
    /// Counts them. @return false if there is no room in this minute.
    bool take_room(std::size_t events);
    Time next_minute() const;
    bool has_window(const Fact& fact) const;
    void write_pending(PendingFact pending);
    void append(OperationalEvent event, const std::vector<SubscriptionId>& recipients);
    void begin_window(Fact fact, std::int64_t rest);

    OperationalTable& table_;
    const std::chrono::seconds exhausted_window_;
    const Time now_;
    std::vector<OperationalEvent> events_;
    std::size_t appended_ = 0;
};

}  // namespace webhooks::storage
