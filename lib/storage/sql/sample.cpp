#include <storage/sql/exchange.hpp>
#include <storage/sql/sample.hpp>
#include <storage/sql/subscription_counts.hpp>
#include <string>

namespace webhooks::storage {
namespace {

using soci::into;
using soci::use;

/// The events that wait, by what `webhooks_undelivered_due` and `_deferred` hold. Each count reads
/// as many entries of its index as it counts.
void read_events(soci::session& sql, Time now, StorageSample& sample) {
    const auto counted = [](const std::string& condition) {
        return "(SELECT count(*) FROM (SELECT 1 FROM webhooks_undelivered WHERE " + condition +
               " LIMIT " + std::to_string(StorageSample::max_events) + ") AS found)";
    };
    execute(sql,
            "SELECT " + counted("claimed_by = 0 AND due_at <= :now") + ", " +
                counted("claimed_by = 0 AND due_at > :now") + ", " + counted("is_deferred = 1") +
                ", (SELECT min(due_at) FROM webhooks_undelivered "
                "WHERE claimed_by = 0 AND due_at <= :now)",
            into(sample.due), into(sample.scheduled), into(sample.reserved),
            into(sample.oldest_due), use(now, "now"));
}

void read_subscriptions(soci::session& sql, Time now, StorageSample& sample) {
    // The `+` prevents the use of an index, in whose order the rows are all over the table.
    execute(sql,
            "SELECT " + subscription_counts() + " FROM webhooks_subscription WHERE +deletion = 0",
            into(sample.inactive), into(sample.failing), into(sample.paused), into(sample.active),
            use(now, "now"));
}

void read_workers(soci::session& sql, Time now, const std::string& has_expired,
                  StorageSample& sample) {
    std::size_t all = 0;
    execute(sql,
            "SELECT count(CASE WHEN " + has_expired +
                " THEN 1 END), count(*) FROM webhooks_worker WHERE is_dead = 0",
            into(sample.expired), into(all), use(now, "now"));
    sample.live = all - sample.expired;
}

}  // namespace

StorageSample read_sample(soci::session& sql, Time now, const char* worker_has_expired) {
    StorageSample sample;
    read_events(sql, now, sample);
    read_subscriptions(sql, now, sample);
    read_workers(sql, now, worker_has_expired, sample);
    return sample;
}

}  // namespace webhooks::storage
