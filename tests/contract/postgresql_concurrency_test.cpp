#include <algorithm>
#include <contract/postgresql_fixture.hpp>
#include <set>
#include <thread>

#ifdef WEBHOOKS_TEST_POSTGRESQL_PROGRAMS

namespace webhooks::testing {
namespace {

using namespace std::chrono_literals;

}  // namespace

TEST_CASE_METHOD(PostgresqlFixture, "a heartbeat waits for the batch that is being written",
                 "[postgresql]") {
    soci::session sql;
    open(sql);
    sql << "BEGIN";
    sql << "UPDATE webhooks_worker SET last_batch = 7";
    auto heartbeat =
        std::async(std::launch::async, [&] { return storage->heartbeat(worker.id).value(); });
    wait_until_one_waits(sql);
    sql << "COMMIT";
    CHECK(heartbeat.get().last_batch == 7);
}

TEST_CASE_METHOD(PostgresqlFixture, "a write concurrent with its worker's end writes nothing",
                 "[postgresql]") {
    const SubscriptionId id = subscribe().id;
    const EventId event = append_one(id);
    Batch batch = batch_of(id);
    batch.attempts.push_back({.event = event,
                              .subscription = id,
                              .attempt = {.number = 1, .outcome = Outcome::delivered}});
    soci::session sql;
    open(sql);
    sql << "BEGIN";
    sql << "SELECT 1 FROM webhooks_worker FOR UPDATE";
    auto write = std::async(std::launch::async, [&] { return storage->write(worker.id, batch); });
    wait_until_one_waits(sql);
    sql << "UPDATE webhooks_worker SET is_dead = 1";
    sql << "COMMIT";
    CHECK(write.get().error() == Errc::fenced);
    CHECK(history(id, event).attempts.empty());
    CHECK(storage->list_events(alice, id, {}).value().total == 1);
}

TEST_CASE_METHOD(PostgresqlFixture, "undoing a claim waits for the claim", "[postgresql]") {
    const EventId event = record_one(subscribe().id);
    soci::session sql;
    open(sql);
    sql << "BEGIN";
    sql << "SELECT 1 FROM webhooks_worker FOR KEY SHARE";
    sql << "UPDATE webhooks_undelivered SET claim_number = 5, claimed_by = " +
               std::to_string(worker.id.value);
    auto undo = std::async(std::launch::async, [&] { storage->unclaim(worker.id, 5).value(); });
    wait_until_one_waits(sql);
    sql << "COMMIT";
    undo.get();
    CHECK(claim() == std::vector{event});
}

TEST_CASE_METHOD(PostgresqlFixture, "each event is claimed by exactly one worker", "[postgresql]") {
    const SubscriptionId id = subscribe().id;
    Batch batch = batch_of(id);
    batch.appends.front().due = clock->now();
    batch.appends.resize(500, batch.appends.front());
    write(batch);
    std::mutex mutex;
    std::multiset<EventId> claimed;
    at_once(4, [&](int) {
        const auto own = another(clock);
        const WorkerId self = own->register_worker(10s).value().id;
        Claim claim;
        do {
            claim = own->claim(self, 7).value();
            const std::scoped_lock lock(mutex);
            for (const HeldEvent& event : claim.events) {
                claimed.insert(event.id);
            }
        } while (!claim.events.empty() || claim.next_due);
    });
    CHECK(claimed.size() == 500);
    CHECK(std::set(claimed.begin(), claimed.end()).size() == 500);
}

TEST_CASE_METHOD(PostgresqlFixture,
                 "an event that becomes due in front of a claimed backlog is claimed after it",
                 "[postgresql]") {
    const SubscriptionId id = subscribe().id;
    const Time due = clock->now();
    Batch batch = batch_of(id);
    batch.appends.front().due = due;
    batch.appends.resize(150, batch.appends.front());
    write(batch);
    const Claim most = storage->claim(worker.id, 100).value();
    REQUIRE(most.events.size() == 100);
    CHECK(most.next_due == due);
    const EventId front = most.events.front().id;
    record(id, front, {.number = 1, .outcome = Outcome::retry}, due - 1s, true);
    const Claim rest = storage->claim(worker.id, 100).value();
    CHECK(rest.events.size() == 50);
    CHECK(rest.next_due == due - 1s);
    CHECK(claim() == std::vector{front});
    CHECK_FALSE(storage->claim(worker.id, 100).value().next_due);
}

TEST_CASE_METHOD(PostgresqlFixture,
                 "a key that several workers publish with at once is published once",
                 "[postgresql]") {
    const SubscriptionId id = subscribe().id;
    const Batch batch = batch_of(id, "key");
    std::atomic<int> published = 0;
    at_once(4, [&](int) {
        const auto own = another(clock);
        const WorkerId self = own->register_worker(10s).value().id;
        const BatchReceipt receipt = own->write(self, batch).value();
        if (!receipt.appends.front().value().is_replay) ++published;
    });
    CHECK(published == 1);
    CHECK(storage->list_events(alice, id, {}).value().total == 1);
}

TEST_CASE_METHOD(PostgresqlFixture,
                 "a key released by a rejected batch is available to a waiting worker",
                 "[postgresql]") {
    const SubscriptionId id = subscribe().id;
    write(batch_of(id, "used"));
    constexpr int rounds = 20;
    std::atomic<int> published = 0;
    std::atomic<int> rejected = 0;
    at_once(4, [&](int i) {
        const auto own = another(clock);
        const WorkerId self = own->register_worker(10s).value().id;
        for (int round = 0; round < rounds; ++round) {
            Batch batch = batch_of(id, "key " + std::to_string(round));
            if (i % 2 == 0) {
                Append conflict = batch_of(id, "used").appends.front();
                conflict.idempotency->digest = std::string(32, 'e');
                conflict.joins_previous = true;
                batch.appends.push_back(conflict);
                const BatchReceipt receipt = own->write(self, batch).value();
                if (receipt.appends[0].error() == Errc::aborted &&
                    receipt.appends[1].error() == Errc::conflict) {
                    ++rejected;
                }
            } else if (!own->write(self, batch).value().appends[0].value().is_replay) {
                ++published;
            }
        }
    });
    CHECK(published == rounds);
    CHECK(rejected == 2 * rounds);
    CHECK(storage->list_events(alice, id, {.take = 0}).value().total == 1 + rounds);
}

TEST_CASE_METHOD(PostgresqlFixture, "workers, users and maintenance never deadlock",
                 "[postgresql]") {
    std::vector<SubscriptionId> targets;
    for (int i = 0; i < 3; ++i) {
        targets.push_back(subscribe().id);
    }
    std::atomic<int> busy = 3;
    const auto work = [&] {
        const auto own = another(clock);
        const WorkerId self = own->register_worker(1h).value().id;
        for (int round = 0; round < 40; ++round) {
            Batch batch{.revision = own->heartbeat(self).value().revision};
            Append append{.message = message("{}"), .subscriptions = targets};
            if (round % 2 == 0) append.due = clock->now();
            batch.appends = {append, append};
            for (const SubscriptionId id : {targets[1], targets[0]}) {
                const Subscription judged = own->find_subscription(alice, id).value();
                batch.states.push_back({.subscription = id,
                                        .revision = judged.revision,
                                        .failing_since = clock->now()});
            }
            const Result<BatchReceipt> receipt = own->write(self, batch);
            if (!receipt && receipt.error() == Errc::stale_revision) continue;
            const EventId first = receipt.value().appends[1].value().first_event;
            Batch results;
            for (const HeldEvent& event : own->claim(self, 5).value().events) {
                results.attempts.push_back(
                    {.event = event.id,
                     .subscription = event.subscription,
                     .attempt = {.number = event.attempts + 1, .outcome = Outcome::retry},
                     .due = clock->now()});
            }
            if (round % 2 != 0) {
                results.custody_changes.push_back({.event = first,
                                                   .subscription = targets[0],
                                                   .due = clock->now(),
                                                   .custody = Custody::reserved});
            }
            own->write(self, results).value();
            own->claim_reserved(self, targets[0], 10).value();
            own->mark_expired(self).value();
            own->take_over(self, 100).value();
        }
        own->retire_worker(self).value();
    };
    const auto use = [&] {
        while (busy > 0) {
            storage->update_subscription(alice, targets[0], {.name = "new"}).value();
            storage->rotate_secret(alice, targets[1], Secret("s"), 1h).value();
            storage->reopen_undelivered(alice, targets[0], {}, {}, 10).value();
            const ListQuery newest{.sort = {{.field = "id", .is_descending = true}}, .take = 1};
            for (const Event& event :
                 storage->list_events(alice, targets[1], newest).value().items) {
                static_cast<void>(storage->delete_event(alice, targets[1], event.id));
            }
            const SubscriptionId gone = subscribe().id;
            storage->delete_subscription(alice, gone).value();
            storage->maintain({.limit = 100}).value();
        }
    };
    at_once(4, [&](int i) {
        if (i == 0) return use();
        const std::shared_ptr<void> done(nullptr, [&](void*) { --busy; });
        work();
    });
    soci::session sql;
    open(sql);
    int orphans = -1;
    sql << "SELECT count(*) FROM webhooks_undelivered u WHERE NOT EXISTS "
           "(SELECT 1 FROM webhooks_event e WHERE e.id = u.event_id)",
        soci::into(orphans);
    CHECK(orphans == 0);
    int deadlocks = -1;
    sql << "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()",
        soci::into(deadlocks);
    CHECK(deadlocks == 0);
}
}  // namespace webhooks::testing

#endif
