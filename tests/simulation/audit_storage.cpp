#include "audit_storage.hpp"

#include <algorithm>

#include "checks.hpp"
#include "world.hpp"

namespace webhooks::simulation {
namespace {

using namespace std::chrono_literals;

const Principal auditor = Principal::administrator("auditor");

/// A number in the body of an operational event.
std::int64_t number_in(const OperationalEvent& event, const std::string& name) {
    const std::size_t at = event.body.find("\"" + name + "\":");
    return at == std::string::npos ? 1 : std::stoll(event.body.substr(at + name.size() + 3));
}

}  // namespace

AuditStorage::AuditStorage(World& world, Process& process, std::shared_ptr<Storage> inner)
    : ForwardingStorage(std::move(inner)), world_(world), process_(process), model_(world.model) {
    // Of all processes, where they share the storage.
    ForwardingStorage::set_operational_listener(
        [&world](const OperationalEvent& event) { note_operational(world, event); });
}

// ---- What subscribers hear.

void AuditStorage::note_operational(World& world, const OperationalEvent& event) {
    if (!event.subscription) {
        const WorkerId lost{number_in(event, "workerId")};
        if (++world.model.told_lost[lost] > 1) world.fail("a lost worker was told twice");
        if (!world.model.identities.at(lost).ended) world.fail("a living worker was told as lost");
        return;
    }
    ToldState& told = world.model.told[*event.subscription];
    if (event.type == "webhook.subscription.created") ++told.created;
    if (event.type == "webhook.subscription.deleted") ++told.deleted;
    if (event.type == "webhook.subscription.deactivated") ++told.deactivated;
    if (event.type == "webhook.subscription.failing") ++told.failing;
    if (event.type == "webhook.subscription.recovered") ++told.recovered;
    if (event.type == "webhook.event.exhausted") told.exhausted += number_in(event, "count");
    if (told.recovered > told.failing || told.failing > told.recovered + 1) {
        world.fail("failing and recovered were not told in turns");
    }
}

/// @pre attempts of the batch are in the model
void AuditStorage::check_exhausted() const {
    for (const auto& [id, told] : model_.told) {
        const auto found = model_.exhausted.find(id);
        const std::int64_t exhausted = found == model_.exhausted.end() ? 0 : found->second;
        const bool is_told_at_once = world_.config.options.exhausted_notice_window == 0s;
        if (told.exhausted > exhausted || (is_told_at_once && told.exhausted != exhausted)) {
            world_.fail("another number of exhausted events was told than there are");
        }
    }
}

// ---- Subscriptions.

void AuditStorage::changed(const Subscription& subscription, bool is_deleted) {
    SubscriptionState& state = model_.subscriptions[subscription.id];
    state.versions.push_back(
        {.subscription = subscription, .since = world_.now, .is_deleted = is_deleted});
    state.pause.reset();
    world_.notify_others(process_);
}

Result<Subscription> AuditStorage::insert_subscription(const Principal& by,
                                                       const Subscription& draft) {
    Result<Subscription> stored = ForwardingStorage::insert_subscription(by, draft);
    if (!stored) return stored;
    changed(*stored);
    if (model_.told[stored->id].created != 1) world_.fail("a creation was not told once");
    return stored;
}

Result<Subscription> AuditStorage::update_subscription(const Principal& principal,
                                                       SubscriptionId id,
                                                       const SubscriptionChange& change) {
    Result<Subscription> stored = ForwardingStorage::update_subscription(principal, id, change);
    if (stored) changed(*stored);
    return stored;
}

Result<Subscription> AuditStorage::rotate_secret(const Principal& principal, SubscriptionId id,
                                                 const Secret& secret,
                                                 std::chrono::seconds overlap) {
    Result<Subscription> stored = ForwardingStorage::rotate_secret(principal, id, secret, overlap);
    if (stored) changed(*stored);
    return stored;
}

Result<> AuditStorage::delete_subscription(const Principal& principal, SubscriptionId id) {
    const Result<> deleted = ForwardingStorage::delete_subscription(principal, id);
    if (!deleted) return deleted;
    changed(model_.subscriptions.at(id).current().subscription, true);
    if (model_.told[id].deleted != 1) world_.fail("a deletion was not told once");
    return deleted;
}

Result<> AuditStorage::upsert_event_type(const EventType& type) {
    const Result<> stored = ForwardingStorage::upsert_event_type(type);
    if (!stored) return stored;
    if (std::ranges::find(model_.event_types, type.name) == model_.event_types.end()) {
        model_.event_types.push_back(type.name);
    }
    world_.notify_others(process_);
    return stored;
}

// ---- What users do with events.

Result<> AuditStorage::delete_event(const Principal& principal, SubscriptionId id, EventId event) {
    const Result<> deleted = ForwardingStorage::delete_event(principal, id, event);
    if (deleted) model_.events.at(event).deleted = world_.now;
    return deleted;
}

void AuditStorage::reopen(EventState& event) {
    if (model_.is_held(event) && !event.is_deferred)
        world_.fail("an event was reopened while a worker held it");
    event.is_reopened = true;
    event.reopened = world_.now;
    event.attempts_since_reopened = 0;
    event.claims = 0;
    event.is_only_in_memory = false;
    event.due.reset();
    event.release();
}

Result<> AuditStorage::reopen_event(const Principal& principal, SubscriptionId id, EventId event) {
    const Result<> reopened = ForwardingStorage::reopen_event(principal, id, event);
    if (reopened) reopen(model_.events.at(event));
    return reopened;
}

/// Storage does not tell which ones: those that it shows as due.
Result<Reopened> AuditStorage::reopen_undelivered(const Principal& principal, SubscriptionId id,
                                                  const CreationPeriod& period, EventId after,
                                                  std::size_t limit) {
    const Result<Reopened> reopened =
        ForwardingStorage::reopen_undelivered(principal, id, period, after, limit);
    if (!reopened) return reopened;
    std::size_t left = reopened->count;
    for (auto place = model_.events.upper_bound(after); place != model_.events.end(); ++place) {
        EventState& event = place->second;
        if (!is_recoverable(event, id, period)) continue;
        // Until it is taken over, storage takes it for held.
        const bool is_of_dead = event.holder != WorkerId{} && !model_.is_held(event);
        if (left > 0) {
            reopen(event);
            --left;
        } else if (reopened->count < limit && !is_of_dead) {
            world_.fail("recover left out an event that has failed");
        }
    }
    if (left > 0) world_.fail("recover reopened more events than there are");
    return reopened;
}

bool AuditStorage::is_recoverable(const EventState& event, SubscriptionId id,
                                  const CreationPeriod& period) const {
    if (event.subscription != id || event.attempts.empty() || !period.contains(event.created_at))
        return false;
    if (event.deleted || event.is_erased || (model_.is_held(event) && !event.is_deferred))
        return false;
    return event.attempts.back().outcome != Outcome::delivered || event.is_reopened;
}

// ---- Workers.

Result<Worker> AuditStorage::register_worker(std::chrono::milliseconds lease) {
    const Result<Worker> worker = ForwardingStorage::register_worker(lease);
    if (!worker) return worker;
    if (world_.config.backend == Backend::sqlite) {
        for (auto& [id, identity] : model_.identities) {
            end_identity(id);
        }
    }
    model_.identities[worker->id] = {.process = process_.index,
                                     .tag = worker->tag,
                                     .lease = lease,
                                     .latest_heartbeat = world_.storage_time()};
    return worker;
}

void AuditStorage::end_identity(WorkerId worker) {
    std::optional<Micros>& ended = model_.identities.at(worker).ended;
    if (!ended) ended = world_.now;
}

void AuditStorage::require_alive(WorkerId worker, const char* call) const {
    if (model_.is_alive(worker)) return;
    world_.fail(std::string("storage accepted a ") + call + " of a worker that is dead");
}

Result<Heartbeat> AuditStorage::heartbeat(WorkerId worker) {
    const Result<Heartbeat> heartbeat = ForwardingStorage::heartbeat(worker);
    if (!heartbeat) return heartbeat;
    require_alive(worker, "heartbeat");
    model_.identities.at(worker).latest_heartbeat = world_.storage_time();
    return heartbeat;
}

Result<> AuditStorage::retire_worker(WorkerId worker) {
    const Result<> retired = ForwardingStorage::retire_worker(worker);
    if (retired) end_identity(worker);
    return retired;
}

Result<> AuditStorage::mark_expired(WorkerId worker) {
    const Result<> done = ForwardingStorage::mark_expired(worker);
    if (!done || world_.config.backend == Backend::sqlite) return done;
    for (auto& [id, identity] : model_.identities) {
        const bool has_expired = identity.latest_heartbeat + identity.lease < world_.storage_time();
        if (id != worker && has_expired) end_identity(id);
    }
    return done;
}

// ---- The log.

void AuditStorage::take(WorkerId worker, std::int64_t number,
                        const std::vector<HeldEvent>& events) {
    for (const HeldEvent& held : events) {
        const auto found = model_.events.find(held.id);
        if (found == model_.events.end()) world_.fail("a worker took an event that nobody wrote");
        EventState& event = found->second;
        check(Taken{.world = world_, .worker = worker, .held = held, .event = event});
        event.holder = worker;
        event.is_deferred = false;
        event.is_only_in_memory = false;
        ++event.claims;
        model_.identities.at(worker).claims[number].push_back(held.id);
    }
}

Result<Claim> AuditStorage::claim(WorkerId worker, std::size_t limit, std::int64_t number) {
    Result<Claim> claim = ForwardingStorage::claim(worker, limit, number);
    if (!claim) return claim;
    require_alive(worker, "claim");
    take(worker, number, claim->events);
    return claim;
}

Result<std::vector<HeldEvent>> AuditStorage::claim_reserved(WorkerId worker, SubscriptionId id,
                                                            std::size_t limit,
                                                            std::int64_t number) {
    Result<std::vector<HeldEvent>> events =
        ForwardingStorage::claim_reserved(worker, id, limit, number);
    if (!events) return events;
    require_alive(worker, "claim");
    take(worker, number, *events);
    return events;
}

Result<> AuditStorage::unclaim(WorkerId worker, std::int64_t number) {
    const Result<> done = ForwardingStorage::unclaim(worker, number);
    if (!done) return done;
    for (const EventId id : model_.identities.at(worker).claims[number]) {
        EventState& event = model_.events.at(id);
        if (event.holder != worker || event.is_deferred) continue;
        --event.claims;  // Its worker never had it.
        event.release();
    }
    return done;
}

Result<BatchReceipt> AuditStorage::write(WorkerId worker, const Batch& batch) {
    Result<BatchReceipt> receipt = ForwardingStorage::write(worker, batch);
    if (!receipt) return receipt;
    require_alive(worker, "write");
    for (const CustodyChange& custody_change : batch.custody_changes) {
        note_park(worker, custody_change);
    }
    for (const AttemptRecord& record : batch.attempts) {
        note_attempt(worker, record);
    }
    check_exhausted();
    note_low_water(worker, batch.low_water);
    note_appends(worker, batch, *receipt);
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
    if (custody_change.custody != Custody::unclaimed) return;
    event.due = custody_change.due;
    event.release();
}

void AuditStorage::note_attempt(WorkerId worker, const AttemptRecord& record) {
    const auto found = model_.events.find(record.event);
    if (found == model_.events.end() || found->second.deleted) return;
    EventState& event = found->second;
    if (model_.subscriptions.at(event.subscription).current().is_deleted) return;
    if (event.holder == worker && !event.has_ended()) {
        check(Record{.world = world_, .record = record, .event = event});
        note_asked_pause(event, record.attempt);
        event.attempts.push_back(record.attempt);
        event.attempts_since_reopened = record.attempts_since_reopened;
        if (record.attempt.outcome == Outcome::exhausted &&
            !is_test(model_.publications.at(event.publication))) {
            ++model_.exhausted[event.subscription];
        }
        event.due = record.due;
        event.is_reopened = event.is_only_in_memory = false;
        event.release();
    }
    const Result<EventHistory> stored =
        world_.database->reader().find_event(auditor, event.subscription, event.id);
    if (!stored) world_.fail("an event is gone from storage: " + stored.error().to_string());
    if (stored->attempts.size() != event.attempts.size()) {
        world_.fail("storage has another number of attempts than were recorded");
    }
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
        if (world_.database->reader().find_event(auditor, event.subscription, id)) continue;
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
        if (appended && !appended->is_replay) note_append(worker, batch.appends[i], *appended);
    }
}

void AuditStorage::note_append(WorkerId worker, const Append& append, const Appended& appended) {
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
    publication.is_written = true;
    publication.events.clear();
    const std::uint64_t tag = model_.identities.at(worker).tag;
    for (std::size_t i = 0; i < append.subscriptions.size(); ++i) {
        const EventId id{appended.first_event.value + static_cast<std::int64_t>(i)};
        if (model_.events.contains(id)) world_.fail("an id was given twice");
        model_.events[id] = {.id = id,
                             .subscription = append.subscriptions[i],
                             .publication = found->second,
                             .tag = tag,
                             .appended = world_.now,
                             .created_at = world_.storage_clock.now(),
                             .due = append.due,
                             .holder = append.due ? WorkerId{} : worker,
                             .reopened = world_.now,
                             .is_only_in_memory = !append.due};
        model_.identities.at(worker).last_appended = id;
        publication.events.push_back(id);
        ++world_.statistics.events;
    }
}

void AuditStorage::note_deactivations(const BatchReceipt& receipt) {
    for (const SubscriptionId id : receipt.deactivated) {
        changed(world_.database->reader().find_subscription(auditor, id).value());
        SubscriptionState& state = model_.subscriptions.at(id);
        if (++state.deactivations != model_.told[id].deactivated) {
            world_.fail("a deactivation was not told once");
        }
    }
}

}  // namespace webhooks::simulation
