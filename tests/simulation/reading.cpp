#include "reading.hpp"

#include <algorithm>

#include "checks.hpp"
#include "world.hpp"

namespace webhooks::simulation {
namespace {

using namespace std::chrono_literals;

bool is_stored(const EventState& event) {
    return !event.deleted && !event.is_erased;
}

bool made_request(const Attempt& attempt) {
    return attempt.outcome != Outcome::cancelled && attempt.outcome != Outcome::expired;
}

/// A subscription, what storage tells of it, and its events by the model.
struct Subject {
    const World& world;
    const Subscription& subscription;
    const DeliveryStatistics& statistics;
    std::vector<const EventState*> events;

    std::int64_t count_events(bool (*predicate)(const World&, const EventState&)) const {
        return std::ranges::count_if(
            events, [&](const EventState* event) { return predicate(world, *event); });
    }
    /// Those of the last 24 hours that made a request.
    std::int64_t count_attempts(bool (*predicate)(const Attempt&)) const {
        std::int64_t count = 0;
        for (const EventState* event : events) {
            count += std::ranges::count_if(event->attempts, [&](const Attempt& attempt) {
                return attempt.sent_at > world.storage_clock.now() - 24h && made_request(attempt) &&
                       predicate(attempt);
            });
        }
        return count;
    }
};

const std::vector<Check<Subject>> statistics_checks = {
    {"statistics count each request of the last day",
     [](const Subject& subject) {
         return subject.statistics.attempts ==
                subject.count_attempts([](const Attempt&) { return true; });
     }},
    {"statistics count each success of the last day",
     [](const Subject& subject) {
         return subject.statistics.successes == subject.count_attempts([](const Attempt& attempt) {
             return attempt.outcome == Outcome::delivered;
         });
     }},
    {"statistics count each event that waits",
     [](const Subject& subject) {
         return subject.statistics.waiting ==
                subject.count_events(
                    [](const World&, const EventState& event) { return !event.has_ended(); });
     }},
};

/// A filter of lists of events, and what it means.
struct Filtering {
    std::optional<Filter> filter;
    bool (*matches)(const World&, const EventState&);
};

const std::string& type_of(const World& world, const EventState& event) {
    return world.model.publications.at(event.publication).publication.event_type;
}

const std::vector<Filtering>& filterings() {
    static const std::vector<Filtering> all = {
        {{}, [](const World&, const EventState&) { return true; }},
        {field("isSuccess") == true,
         [](const World&, const EventState& event) { return event.is_success(); }},
        {field("retryCount") > 0,
         [](const World&, const EventState& event) {
             return std::ranges::count_if(event.attempts, made_request) > 1;
         }},
        {field("eventType") == event_types().front(),
         [](const World& world, const EventState& event) {
             return type_of(world, event) == event_types().front();
         }},
    };
    return all;
}

/// Its owner, unless only administrators see it.
Principal reader_of(const World& world, const Subscription& subscription) {
    return subscription.operator_scope ? world.auditor : Principal::user(subscription.user_id);
}

void check_lists(const Subject& subject, Storage& reader) {
    const Principal reads = reader_of(subject.world, subject.subscription);
    for (const Filtering& filtering : filterings()) {
        const ListQuery query{.filter = filtering.filter, .take = 10};
        const Page<Event> page = reader.list_events(reads, subject.subscription.id, query).value();
        const std::int64_t expected = subject.count_events(filtering.matches);
        if (page.total != expected) {
            subject.world.fail("the total of a list is the number of rows that match");
        }
        if (std::ssize(page.items) != std::min<std::int64_t>(expected, query.take)) {
            subject.world.fail("a page has the rows that its total tells of");
        }
    }
}

/// What can be resent is counted, except for what a dead worker may still hold.
void check_undelivered(const Subject& subject, Storage& reader) {
    const SubscriptionId id = subject.subscription.id;
    const Model& model = subject.world.model;
    // All, or those of the last minutes.
    for (const Time since : {Time{}, subject.world.storage_clock.now() - 10min}) {
        const CreationPeriod period{.since = since};
        const std::size_t counted =
            reader.count_undelivered(reader_of(subject.world, subject.subscription), id, period)
                .value();
        std::size_t certain = 0;
        std::size_t possible = 0;
        for (const EventState* event : subject.events) {
            if (!model.is_recoverable(*event, id, period)) continue;
            ++possible;
            if (!model.is_of_dead(*event)) ++certain;
        }
        if (counted < certain || counted > possible) {
            subject.world.fail("another number of undelivered events is counted than there are");
        }
    }
}

bool has_expired(const World& world, const EventState& event) {
    const auto& expires_at = world.model.publications.at(event.publication).publication.expires_at;
    return expires_at && *expires_at <= world.storage_clock.now();
}

/// A feed has each event once, in order, however it ended. It ends before those that are still to
/// be made.
void check_feed(const Subject& subject, Storage& reader) {
    std::vector<EventId> found;
    EventId end;
    FeedRequest request{.take = 10, .max_bytes = 100'000};
    for (bool has_more = true; has_more;) {
        const FeedRows rows = reader
                                  .read_feed(reader_of(subject.world, subject.subscription),
                                             subject.subscription.id, request)
                                  .value();
        for (const HeldEvent& event : rows.events) {
            found.push_back(event.id);
        }
        request.from = rows.next;
        end = rows.next.after;
        has_more = rows.has_more;
    }
    const Model& model = subject.world.model;
    if (model.is_awaited(subject.subscription.user_id, end)) {
        subject.world.fail("a feed goes on behind an event that is still to be made");
    }
    std::vector<EventId> expected;
    for (const EventState* event : subject.events) {
        const bool is_shown = event->id <= end || model.left_to_make == 0;
        if (is_shown && !has_expired(subject.world, *event)) expected.push_back(event->id);
    }
    if (found != expected) subject.world.fail("a feed has other events than there are");
}

Subject subject_of(const World& world, const Subscription& subscription,
                   const DeliveryStatistics& statistics) {
    Subject subject{
        .world = world, .subscription = subscription, .statistics = statistics, .events = {}};
    for (const auto& [id, event] : world.model.events) {
        if (event.subscription == subscription.id && is_stored(event)) {
            subject.events.push_back(&event);
        }
    }
    return subject;
}

void check_subscription(const World& world, const Subscription& subscription, Storage& reader) {
    const Principal reads = reader_of(world, subscription);
    const DeliveryStatistics statistics = reader.statistics(reads, subscription.id, {}).value();
    const Subject subject = subject_of(world, subscription, statistics);
    for (const Check<Subject>& check : statistics_checks) {
        if (!check.is_kept(subject)) world.fail(check.holds);
    }
    check_lists(subject, reader);
    check_undelivered(subject, reader);
    check_feed(subject, reader);
}

}  // namespace

void check_reading(const World& world) {
    for (const auto& [id, state] : world.model.subscriptions) {
        const Version& version = state.current();
        if (version.is_deleted) continue;
        check_subscription(world, version.subscription, world.database->reader());
    }
}

void check_feed(const World& world, SubscriptionId id) {
    const Version& version = world.model.subscriptions.at(id).current();
    if (version.is_deleted) return;
    const DeliveryStatistics none;
    check_feed(subject_of(world, version.subscription, none), world.database->reader());
}

}  // namespace webhooks::simulation
