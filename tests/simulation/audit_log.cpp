// The log, as workers write it: what a batch did, and what maintenance deleted.

#include <algorithm>

#include "audit_storage.hpp"
#include "checks.hpp"
#include "reading.hpp"
#include "world.hpp"

namespace webhooks::simulation {

namespace {

using namespace std::chrono_literals;

}  // namespace

Result<BatchReceipt> AuditStorage::write(WorkerId worker, const Batch& batch) {
    Result<BatchReceipt> receipt = ForwardingStorage::write(worker, batch);
    if (!receipt) return receipt;
    require_alive(worker, "write");
    // What the batch says of these afterwards is skipped.
    note_order(worker, *receipt);
    for (const CustodyChange& custody_change : batch.custody_changes) {
        note_park(worker, custody_change);
    }
    for (const AttemptRecord& record : batch.attempts) {
        note_attempt(worker, record);
    }
    check_exhausted();
    note_low_water(worker, batch.low_water);
    note_appends(worker, batch, *receipt);
    note_fan_outs(receipt->fanned_out);
    if (!model_.fanned_out.empty()) {
        check_feed(world_, model_.fanned_out.rbegin()->second.subscription);
    }
    note_deactivations(*receipt);
    return receipt;
}

void AuditStorage::note_park(WorkerId worker, const CustodyChange& custody_change) {
    const auto found = model_.events.find(custody_change.event);
    if (found == model_.events.end() || found->second.deleted) return;
    EventState& event = found->second;
    if (event.holder != worker || !model_.is_held(event)) return;
    event.is_deferred = custody_change.custody == Custody::reserved;
    event.is_only_in_memory = false;
    const bool gives_way = event.is_deferred && model_.is_behind_another(event);
    if (custody_change.custody != Custody::unclaimed && !gives_way) return;
    event.due = custody_change.due;
    event.release();
}

void AuditStorage::note_order(WorkerId worker, const BatchReceipt& receipt) {
    const auto held = [&](EventId id) {
        const auto found = model_.events.find(id);
        const bool is_held = found != model_.events.end() && found->second.holder == worker;
        return is_held ? &found->second : nullptr;
    };
    for (const EventId id : receipt.turns) {
        if (EventState* event = held(id)) event->taken = world_.now;
    }
    for (const EventId id : receipt.returned) {
        if (EventState* event = held(id)) move_to_storage(*event);
    }
}

void AuditStorage::move_to_storage(EventState& event) {
    event.is_only_in_memory = false;
    // Its turn had not come: a requested resend still is one.
    if (event.claims > 0) --event.claims;
    event.release();
}

void AuditStorage::note_attempt(WorkerId worker, const AttemptRecord& record) {
    const auto found = model_.events.find(record.event);
    if (found == model_.events.end()) return;
    EventState& event = found->second;
    const bool is_seen = !model_.subscriptions.at(event.subscription).current().is_deleted;
    if (event.deleted) {
        // Its endpoint has answered all the same.
        if (is_seen && event.holder == worker) note_asked_pause(event, record.attempt);
        return;
    }
    if (event.holder == worker && !event.has_ended()) {
        if (is_seen) {
            check(Record{.world = world_, .record = record, .event = event});
            note_asked_pause(event, record.attempt);
            note_exhausted(event, record.attempt);
        }
        event.attempts.push_back(record.attempt);
        event.attempts_since_reopened = record.attempts_since_reopened;
        event.due = record.due;
        event.is_reopened = event.is_only_in_memory = false;
        event.release();
    }
    if (!is_seen) return;
    const Result<EventHistory> stored =
        world_.database->reader().find_event(world_.auditor, event.subscription, event.id);
    if (!stored) world_.fail("an event is gone from storage: " + stored.error().to_string());
    if (stored->attempts.size() != event.attempts.size()) {
        world_.fail("storage has another number of attempts than were recorded");
    }
}

void AuditStorage::note_exhausted(const EventState& event, const Attempt& attempt) {
    if (attempt.outcome != Outcome::exhausted) return;
    if (!is_test(model_.publications.at(event.publication))) ++model_.exhausted[event.subscription];
}

/// What an endpoint asks for in an answer holds from now on; a success ends it.
void AuditStorage::note_asked_pause(const EventState& event, const Attempt& attempt) {
    const RequestState* request = event.open_request();
    if (request == nullptr || is_test(model_.publications.at(event.publication))) return;
    SubscriptionState& subscription = model_.subscriptions.at(event.subscription);
    if (attempt.outcome == Outcome::delivered) {
        subscription.pause.reset();
    } else if (request->version == subscription.versions.size() && request->asked_pause > 0us) {
        const Time until = attempt.sent_at + attempt.duration + request->asked_pause;
        if (subscription.pause && subscription.pause->until >= until) return;
        subscription.pause = {.until = until, .asked = request->identity, .told = world_.now};
    }
}

void AuditStorage::note_low_water(WorkerId worker, EventId mark) {
    EventId& latest = model_.identities.at(worker).low_water;
    for (auto place = model_.events.upper_bound(latest);
         place != model_.events.end() && place->first <= mark; ++place) {
        const EventState& event = place->second;
        const bool is_gone =
            event.deleted || model_.subscriptions.at(event.subscription).current().is_deleted;
        if (event.holder == worker && event.is_only_in_memory && !is_gone) {
            world_.fail("the low-water mark passes an event that is only in memory");
        }
    }
    latest = std::max(latest, mark);
}

Result<bool> AuditStorage::maintain(const Maintenance& maintenance) {
    const Result<bool> is_more = ForwardingStorage::maintain(maintenance);
    if (is_more && maintenance.keep_events_for > 0s) note_retention(maintenance.keep_events_for);
    return is_more;
}

void AuditStorage::note_retention(std::chrono::seconds keep_for) {
    const Time oldest = world_.storage_clock.now() - keep_for;
    for (auto& [id, event] : model_.events) {
        if (event.deleted || event.is_erased || event.created_at >= oldest) continue;
        if (model_.subscriptions.at(event.subscription).current().is_deleted) continue;
        if (world_.database->reader().find_event(world_.auditor, event.subscription, id)) continue;
        if (!event.has_ended()) world_.fail("an event that waits was deleted for its age");
        event.is_erased = true;
    }
}

void AuditStorage::note_appends(WorkerId worker, const Batch& batch, const BatchReceipt& receipt) {
    for (std::size_t i = 0; i < batch.appends.size(); ++i) {
        const Result<Appended>& appended = receipt.appends[i];
        const bool is_alone = !batch.appends[i].joins_previous;
        const bool follows = i > 0 && receipt.appends[i - 1].has_value();
        if (!is_alone && follows != appended.has_value()) {
            world_.fail("a batch was written in part");
        }
        if (appended && !appended->is_replay) {
            note_append(worker, batch.appends[i], *appended, receipt.waiting);
        }
    }
}

void AuditStorage::note_append(WorkerId worker, const Append& append, const Appended& appended,
                               const std::vector<EventId>& waiting) {
    const auto found = model_.by_payload.find(*append.message->payload);
    if (found == model_.by_payload.end())
        world_.fail("something was written that nobody published");
    PublicationState& publication = model_.publications.at(found->second);
    if (publication.is_written && publication.publication.idempotency_key.empty()) {
        world_.fail("a publication was written twice");
    }
    if (append.subscriptions != model_.matching(publication)) {
        world_.fail("a publication was matched to other subscriptions than there are");
    }
    if (!std::ranges::all_of(append.subscriptions, [&](SubscriptionId id) {
            return append.is_pulled(id) == model_.is_pulled(id);
        })) {
        world_.fail("a worker takes events that are only read");
    }
    publication.is_written = true;
    publication.events.clear();
    const std::uint64_t tag = model_.identities.at(worker).tag;
    for (std::size_t i = 0; i < append.subscriptions.size(); ++i) {
        const EventId id{appended.first_event.value + static_cast<std::int64_t>(i)};
        if (model_.events.contains(id) || model_.fanned_out.contains(id)) {
            world_.fail("an id was given twice");
        }
        const bool is_pulled = model_.is_pulled(append.subscriptions[i]);
        const bool is_stored = is_pulled || append.due || std::ranges::binary_search(waiting, id);
        (append.is_fanned_out ? model_.fanned_out : model_.events)[id] = {
            .id = id,
            .subscription = append.subscriptions[i],
            .publication = found->second,
            .tag = tag,
            .appended = world_.now,
            .created_at = world_.storage_clock.now(),
            .due = append.due,
            .holder = is_stored ? WorkerId{} : worker,
            .taken = world_.now,
            .reopened = world_.now,
            .is_only_in_memory = !is_stored,
            .is_pulled = is_pulled};
        if (append.is_fanned_out) {
            ++model_.left_to_make;
            ++world_.statistics.fanned_out;
        }
        model_.identities.at(worker).last_appended = id;
        publication.events.push_back(id);
        ++world_.statistics.events;
    }
}

/// Storage does not tell which events it has made: those that it shows. A subscription that was
/// deleted gets none.
void AuditStorage::note_fan_outs(std::size_t made) {
    if (made > model_.left_to_make) world_.fail("more events were made than were fanned out");
    if (made == 0) return;
    model_.left_to_make -= made;
    for (auto place = model_.fanned_out.begin(); place != model_.fanned_out.end();) {
        const auto here = place++;
        auto& [id, event] = *here;
        const SubscriptionId subscription = event.subscription;
        if (!model_.subscriptions.at(subscription).current().is_deleted) {
            if (!world_.database->reader().find_event(world_.auditor, subscription, id)) continue;
            event.appended = event.taken = event.reopened = world_.now;
            model_.events[id] = std::move(event);
        }
        model_.fanned_out.erase(here);
    }
}

void AuditStorage::note_deactivations(const BatchReceipt& receipt) {
    for (const SubscriptionId id : receipt.deactivated) {
        changed(world_.database->reader().find_subscription(world_.auditor, id).value());
        SubscriptionState& state = model_.subscriptions.at(id);
        if (++state.deactivations != model_.told[id].deactivated) {
            world_.fail("a deactivation was not told once");
        }
    }
}

}  // namespace webhooks::simulation
