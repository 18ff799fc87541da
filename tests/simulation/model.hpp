#pragma once

/// @file
/// What the simulation knows to be true: what was asked for, what storage has accepted, and what
/// endpoints were sent. It is written where storage is called, below every fault, so that a lost
/// answer or a crash leaves no doubt here.

#include <map>
#include <optional>
#include <string>
#include <vector>
#include <webhooks/storage.hpp>

#include "generator.hpp"

namespace webhooks::simulation {

/// Something that a caller published, or tried to.
struct PublicationState {
    int number = 0;  ///< In its payload, by which it is recognised.
    Principal caller = Principal::administrator("admin");
    Publication publication;
    std::optional<SubscriptionId> only = {};  ///< A test event's one subscription.
    bool is_queued = false;  ///< Nobody waited: it may be written at any later time.
    bool is_written = false;
    std::vector<EventId> events = {};
};

/// One version of a subscription, from a moment on.
struct Version {
    Subscription subscription;
    Micros since{0};
    bool is_deleted = false;
};

/// What an endpoint asked for.
struct AskedPause {
    Time until{};
    WorkerId asked{};  ///< Who was answered so.
    Micros told{0};    ///< When storage heard of it.
};

struct SubscriptionState {
    std::vector<Version> versions;  ///< Oldest first; never empty.
    std::optional<AskedPause> pause = {};
    int deactivations = 0;  ///< By the service.
    int updates = 0;        ///< Those that changed something.
    int rotations = 0;

    const Version& current() const { return versions.back(); }
};

/// A request that an endpoint was sent.
struct RequestState {
    int process = 0;
    WorkerId identity{};
    Micros started{0};
    std::optional<int> status = {};  ///< Absent: no answer, or none yet.
    Micros asked_pause{0};           ///< By `Retry-After`.
    /// The number of the subscription's version that its process must know; 0: it may know several.
    std::size_t version = 0;
    bool is_recorded = false;
};

struct EventState {
    EventId id{};
    SubscriptionId subscription{};
    int publication = 0;
    std::uint64_t tag = 0;  ///< 0: not known until a worker takes it.
    Micros appended{0};
    Time created_at{};
    std::optional<Time> due = {};  ///< No request starts before it.
    WorkerId holder{};             ///< 0: none. It may be dead.
    Micros taken{0};               ///< When the holder got it.
    bool is_deferred = false;      ///< Not in its holder's memory.
    std::vector<Attempt> attempts = {};
    int attempts_since_reopened = 0;
    Micros reopened{0};  ///< Or appended.
    std::optional<Micros> deleted = {};
    bool is_erased = false;          ///< By retention.
    bool is_only_in_memory = false;  ///< It has neither a row nor an attempt.
    int claims = 0;                  ///< Since it was reopened.
    std::vector<RequestState> requests = {};

    bool has_ended() const {
        return is_pulled ||
               (!attempts.empty() && attempts.back().outcome != Outcome::retry && !is_reopened);
    }
    bool is_success() const {
        return is_pulled || (has_ended() && attempts.back().outcome == Outcome::delivered);
    }
    bool is_pulled = false;    ///< Its subscription has `Delivery::pull`.
    bool is_reopened = false;  ///< Since the latest attempt.

    /// Of its holder, not recorded yet; null: none.
    const RequestState* open_request() const;
    /// It leaves its holder, who has no request of it in flight.
    void release();
};

/// A worker's identity as storage should see it.
struct IdentityState {
    int process = 0;
    std::uint64_t tag = 0;
    std::chrono::milliseconds lease{};
    Micros latest_heartbeat{0};  ///< By storage's clock.
    std::optional<Micros> ended = {};
    EventId low_water{};
    EventId last_appended{};
    std::map<std::int64_t, std::vector<EventId>> claims = {};
};

/// How often subscribers were told what of one subscription.
struct ToldState {
    int created = 0;
    int updated = 0;
    int rotated = 0;
    int deleted = 0;
    int failing = 0;
    int recovered = 0;
    int deactivated = 0;
    std::int64_t exhausted = 0;  ///< Events.
};

struct Model {
    std::map<int, PublicationState> publications;
    std::map<std::string, int> by_payload;
    std::map<SubscriptionId, SubscriptionState> subscriptions;
    std::map<EventId, EventState> events;
    /// Of publications that were fanned out: storage has not made them yet.
    std::map<EventId, EventState> fanned_out;
    std::size_t left_to_make = 0;  ///< The number of these, and of those that nobody gets.
    std::map<WorkerId, IdentityState> identities;
    std::vector<std::string> event_types;
    std::map<SubscriptionId, ToldState> told;
    std::map<WorkerId, int> told_lost;
    std::map<SubscriptionId, std::int64_t> exhausted;  ///< Events that used up their attempts.

    /// Those that a publication reaches now, ascending.
    std::vector<SubscriptionId> matching(const PublicationState& publication) const;
    bool is_pulled(SubscriptionId id) const;
    /// Whether an event up to this one is still to be made, for the user or for everyone.
    bool is_awaited(const std::string& user, EventId until) const;
    /// 0: none.
    EventId newest_event(SubscriptionId id) const;
    std::int64_t count_exhausted(SubscriptionId id) const;
    bool is_alive(WorkerId id) const;
    /// Whether a living worker holds the event.
    bool is_held(const EventState& event) const;
    /// Whether both are there, with the same subscription and ordering key.
    bool is_of_same_queue(const EventState& event, const EventState& other) const;
    /// Whether an earlier one of its queue has not ended.
    bool is_behind_another(const EventState& event) const;
    /// It is not taken over yet: storage takes it for held.
    bool is_of_dead(const EventState& event) const;
    /// Whether it can be resent with others of the subscription.
    bool is_recoverable(const EventState& event, SubscriptionId id,
                        const CreationPeriod& period) const;
    /// Whether the subscription could not receive this event at some moment since `since`.
    bool was_unwanted(const EventState& event, Micros since) const;
};

/// The member `kind` of the payload of a publication, by its number.
const char* parity_of(int number);
/// The filters that subscriptions have.
const std::vector<std::string>& filters();
bool is_test(const PublicationState& publication);
/// Whether a subscription's pattern matches a type of event.
bool takes(const std::string& pattern, const std::string& type);

}  // namespace webhooks::simulation
