#include <storage/sql/exchange.hpp>
#include <storage/sql/overview.hpp>
#include <storage/sql/subscription_counts.hpp>
#include <storage/sql/worker_report.hpp>

namespace webhooks::storage {

using soci::into;
using soci::use;

std::size_t count_users(soci::session& sql) {
    std::size_t users = 0;
    execute(sql, "SELECT count(DISTINCT user_id) FROM webhooks_subscription WHERE deletion = 0",
            into(users));
    return users;
}

std::vector<WorkerState> read_workers(soci::session& sql, Time now, const std::string& has_expired,
                                      const std::string& heartbeat_at) {
    WorkerState worker;
    bool is_expired = false;
    std::optional<std::string> report;
    std::vector<WorkerState> workers;
    soci::statement query(sql);
    query.exchange(into(worker.id));
    query.exchange(into(worker.started_at));
    query.exchange(into(worker.heartbeat_at));
    query.exchange(into(is_expired));
    query.exchange(into(report));
    query.exchange(use(now, "now"));
    for_each_row(query,
                 "SELECT id, started_at, " + heartbeat_at + ", CASE WHEN " + has_expired +
                     " THEN 1 ELSE 0 END, report FROM webhooks_worker WHERE is_dead = 0 "
                     "ORDER BY id",
                 [&] {
                     if (worker.heartbeat_at == Time{}) worker.heartbeat_at = now;
                     worker.is_live = !is_expired;
                     worker.report = read_report(report);
                     workers.push_back(worker);
                 });
    return workers;
}

int schema_version(soci::session& sql) {
    int version = 0;
    execute(sql, "SELECT max(version) FROM webhooks_schema", into(version));
    return version;
}

std::vector<UserSummary> read_users(soci::session& sql, Time now, const std::string& after,
                                    std::size_t take) {
    UserSummary user;
    std::vector<UserSummary> users;
    soci::statement query(sql);
    query.exchange(into(user.user_id));
    query.exchange(into(user.subscriptions));
    query.exchange(into(user.inactive));
    query.exchange(into(user.failing));
    query.exchange(into(user.paused));
    query.exchange(into(user.active));
    query.exchange(into(user.waiting));
    query.exchange(use(after, "after"));
    query.exchange(use(take, "take"));
    query.exchange(use(now, "now"));
    for_each_row(query,
                 "SELECT g.*, (SELECT count(*) FROM (SELECT 1 FROM webhooks_subscription o "
                 "JOIN webhooks_undelivered u ON u.subscription_id = o.id "
                 "WHERE o.deletion = 0 AND o.user_id = g.user_id AND u.due_at IS NOT NULL LIMIT " +
                     std::to_string(StorageSample::max_events) +
                     ") w) FROM (SELECT user_id, count(*), " + subscription_counts() +
                     " FROM webhooks_subscription WHERE deletion = 0 AND user_id > :after "
                     "GROUP BY user_id ORDER BY user_id LIMIT :take) g ORDER BY g.user_id",
                 [&] { users.push_back(user); });
    return users;
}

}  // namespace webhooks::storage
