#include <storage/sql/exchange.hpp>
#include <storage/sql/overview.hpp>
#include <storage/sql/worker_report.hpp>

namespace webhooks::storage {

using soci::into;
using soci::use;

std::size_t count_users(soci::session& sql) {
    long long users = 0;
    sql << "SELECT count(DISTINCT user_id) FROM webhooks_subscription WHERE deletion = 0",
        into(users);
    return static_cast<std::size_t>(users);
}

std::vector<WorkerState> read_workers(soci::session& sql, Time now, const std::string& has_expired,
                                      const std::string& heartbeat_at) {
    const long long present = to_micros(now);
    long long id = 0;
    long long started_at = 0;
    long long heard_of = 0;
    int is_expired = 0;
    Nullable<std::string> report;
    std::vector<WorkerState> workers;
    soci::statement query(sql);
    query.exchange(into(id));
    query.exchange(into(started_at));
    query.exchange(into(heard_of));
    query.exchange(into(is_expired));
    query.exchange(into(report.value, report.indicator));
    query.exchange(use(present, "now"));
    for_each_row(query,
                 "SELECT id, started_at, " + heartbeat_at + ", CASE WHEN " + has_expired +
                     " THEN 1 ELSE 0 END, report FROM webhooks_worker WHERE is_dead = 0 "
                     "ORDER BY id",
                 [&] {
                     workers.push_back({.id = {id},
                                        .started_at = from_micros(started_at),
                                        .heartbeat_at = heard_of == 0 ? now : from_micros(heard_of),
                                        .is_live = is_expired == 0,
                                        .report = read_report(report.get())});
                 });
    return workers;
}

int schema_version(soci::session& sql) {
    int version = 0;
    sql << "SELECT max(version) FROM webhooks_schema", into(version);
    return version;
}

std::vector<UserSummary> read_users(soci::session& sql, const std::string& after,
                                    std::size_t take) {
    const long long count = static_cast<long long>(take);
    UserSummary user;
    long long subscriptions = 0;
    long long active = 0;
    long long failing = 0;
    long long waiting = 0;
    std::vector<UserSummary> users;
    soci::statement query(sql);
    query.exchange(into(user.user_id));
    query.exchange(into(subscriptions));
    query.exchange(into(active));
    query.exchange(into(failing));
    query.exchange(into(waiting));
    query.exchange(use(after, "after"));
    query.exchange(use(count, "take"));
    for_each_row(
        query,
        "SELECT g.*, (SELECT count(*) FROM (SELECT 1 FROM webhooks_subscription o "
        "JOIN webhooks_undelivered u ON u.subscription_id = o.id "
        "WHERE o.deletion = 0 AND o.user_id = g.user_id AND u.due_at IS NOT NULL LIMIT " +
            std::to_string(StorageSample::max_events) +
            ") w) FROM (SELECT user_id, count(*), count(CASE WHEN is_active = 1 THEN 1 END), "
            "count(CASE WHEN is_active = 1 AND failing_since IS NOT NULL THEN 1 END) "
            "FROM webhooks_subscription WHERE deletion = 0 AND user_id > :after "
            "GROUP BY user_id ORDER BY user_id LIMIT :take) g ORDER BY g.user_id",
        [&] {
            user.subscriptions = static_cast<std::size_t>(subscriptions);
            user.active = static_cast<std::size_t>(active);
            user.failing = static_cast<std::size_t>(failing);
            user.waiting = static_cast<std::size_t>(waiting);
            users.push_back(user);
        });
    return users;
}

}  // namespace webhooks::storage
