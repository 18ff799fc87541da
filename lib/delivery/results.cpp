#include <delivery/event_rules.hpp>
#include <delivery/results.hpp>
#include <iterator>
#include <utility>

namespace webhooks::delivery {
namespace {

template <class T>
void move_to(std::vector<T>& target, std::vector<T>& source) {
    if (target.empty()) return target.swap(source);
    target.insert(target.end(), std::make_move_iterator(source.begin()),
                  std::make_move_iterator(source.end()));
}

template <class T>
void add_to(std::vector<T>& target, std::optional<T>& found) {
    if (found) target.push_back(*std::move(found));
}

}  // namespace

void Results::change_custody(const HeldEvent& event, Time due, Custody custody) {
    batch.custody_changes.push_back({.event = event.id,
                                     .subscription = event.subscription,
                                     .due = due,
                                     .attempts = event.attempts,
                                     .attempts_since_reopened = event.attempts_since_reopened,
                                     .custody = custody,
                                     .is_ordered = is_ordered(event)});
    if (custody != Custody::in_memory) release(event);
}

void Results::end_unsent(const HeldEvent& event, Outcome outcome, const char* reason,
                         const Now& now) {
    batch.attempts.push_back({.event = event.id,
                              .subscription = event.subscription,
                              .attempt = {.number = event.attempts + 1,
                                          .sent_at = now.time,
                                          .error_message = reason,
                                          .outcome = outcome},
                              .attempts_since_reopened = event.attempts_since_reopened,
                              .has_row = event.has_row,
                              .is_ordered = is_ordered(event)});
    contexts.push_back({.message = event.message,
                        .endpoint = {},
                        .created_at = event.created_at,
                        .due = event.due});
    release(event);
}

void Results::add(HealthReport report) {
    add_to(batch.states, report.state);
    add_to(batch.deactivations, report.deactivation);
    add_to(batch.failing_notices, report.failing_notice);
    add_to(health_changes, report.change);
}

void Results::release(const HeldEvent& event) {
    ++released_events;
    released_bytes += payload_bytes(event);
}

void Results::append(Results later) {
    move_to(batch.attempts, later.batch.attempts);
    move_to(batch.custody_changes, later.batch.custody_changes);
    move_to(batch.states, later.batch.states);
    move_to(batch.deactivations, later.batch.deactivations);
    move_to(batch.failing_notices, later.batch.failing_notices);
    move_to(refill_requests, later.refill_requests);
    returned_all = returned_all || later.returned_all;
    exhausted += later.exhausted;
    released_events += later.released_events;
    released_bytes += later.released_bytes;
}

}  // namespace webhooks::delivery
