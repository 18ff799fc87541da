#pragma once

#include <contract/storages.hpp>

#ifdef WEBHOOKS_TEST_POSTGRESQL_PROGRAMS

#include <soci/postgresql/soci-postgresql.h>
#include <soci/soci.h>

#include <future>
#include <memory>
#include <string>
#include <vector>

namespace webhooks::testing {

struct PostgresqlFixture : StorageFixture<OnPostgresql> {
    /// A session in addition to the storage's own.
    void open(soci::session& sql) const {
        sql.open(soci::postgresql, postgresql_cluster().uri());
        sql << "SET search_path = " + place.schema;
    }

    std::shared_ptr<Storage> another(std::shared_ptr<Clock> time) const {
        return make_postgresql_storage(place.options(std::move(time))).value();
    }

    Batch batch_of(SubscriptionId id, const std::string& key = {}) {
        Batch batch{.revision = revision()};
        batch.appends.push_back({.message = message("{}"), .subscriptions = {id}});
        if (!key.empty()) {
            batch.appends[0].idempotency = {
                .scope = "alice", .key = key, .digest = std::string(32, 'd')};
        }
        return batch;
    }
};

/// Waits until a session of the schema's storage waits for a lock.
inline void wait_until_one_waits(soci::session& sql) {
    int waiting = 0;
    while (waiting == 0) {
        sql << "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'",
            soci::into(waiting);
    }
}

/// Runs it in this many threads at once.
template <class Body>
void at_once(int threads, Body body) {
    std::vector<std::future<void>> running;
    for (int i = 0; i < threads; ++i) {
        running.push_back(std::async(std::launch::async, body, i));
    }
    for (std::future<void>& each : running) {
        each.get();
    }
}

}  // namespace webhooks::testing

#endif
