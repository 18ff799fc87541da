#include <storage/sql/exchange.hpp>
#include <storage/sql/sample.hpp>
#include <string>

namespace webhooks::storage {
namespace {

using soci::into;
using soci::use;

/// The events that wait, by what `webhooks_undelivered_due` and `_deferred` hold. Each count reads
/// as many entries of its index as it counts.
void read_events(soci::session& sql, long long now, StorageSample& sample) {
    const auto counted = [](const std::string& condition) {
        return "(SELECT count(*) FROM (SELECT 1 FROM webhooks_undelivered WHERE " + condition +
               " LIMIT " + std::to_string(StorageSample::max_events) + ") AS found)";
    };
    long long due = 0;
    long long scheduled = 0;
    long long deferred = 0;
    Nullable<long long> oldest;
    sql << "SELECT " + counted("claimed_by = 0 AND due_at <= :now") + ", " +
               counted("claimed_by = 0 AND due_at > :now") + ", " + counted("is_deferred = 1") +
               ", (SELECT min(due_at) FROM webhooks_undelivered "
               "WHERE claimed_by = 0 AND due_at <= :now)",
        into(due), into(scheduled), into(deferred), into(oldest.value, oldest.indicator),
        use(now, "now");
    sample.due = static_cast<std::size_t>(due);
    sample.scheduled = static_cast<std::size_t>(scheduled);
    sample.deferred = static_cast<std::size_t>(deferred);
    sample.oldest_due = from_micros(oldest.get());
}

void read_subscriptions(soci::session& sql, long long now, StorageSample& sample) {
    long long inactive = 0;
    long long paused = 0;
    long long failing = 0;
    long long all = 0;
    sql << "SELECT count(CASE WHEN is_active = 0 THEN 1 END), "
           "count(CASE WHEN is_active = 1 AND paused_until > :now THEN 1 END), "
           "count(CASE WHEN is_active = 1 AND coalesce(paused_until, 0) <= :now "
           "AND failing_since IS NOT NULL THEN 1 END), count(*) "
           "FROM webhooks_subscription WHERE deletion = 0",
        into(inactive), into(paused), into(failing), into(all), use(now, "now");
    sample.inactive = static_cast<std::size_t>(inactive);
    sample.paused = static_cast<std::size_t>(paused);
    sample.failing = static_cast<std::size_t>(failing);
    sample.active = static_cast<std::size_t>(all - inactive - paused - failing);
}

void read_workers(soci::session& sql, long long now, const std::string& has_expired,
                  StorageSample& sample) {
    long long expired = 0;
    long long all = 0;
    sql << "SELECT count(CASE WHEN " + has_expired +
               " THEN 1 END), count(*) FROM webhooks_worker WHERE is_dead = 0",
        into(expired), into(all), use(now, "now");
    sample.expired = static_cast<std::size_t>(expired);
    sample.live = static_cast<std::size_t>(all - expired);
}

}  // namespace

StorageSample read_sample(soci::session& sql, Time now, const char* worker_has_expired) {
    StorageSample sample;
    read_events(sql, to_micros(now), sample);
    read_subscriptions(sql, to_micros(now), sample);
    read_workers(sql, to_micros(now), worker_has_expired, sample);
    return sample;
}

}  // namespace webhooks::storage
