#include <storage/sql/exchange.hpp>
#include <storage/sql/notice_table.hpp>

namespace webhooks::storage {

using soci::into;
using soci::use;

void give_notice(soci::session& sql, const Notice& notice, Time now) {
    std::int64_t number = 0;
    execute(sql, "UPDATE webhooks_state SET last_notice = last_notice + 1 RETURNING last_notice",
            into(number));
    execute(sql,
            "INSERT INTO webhooks_notice (number, subscription_id, event_id, judged_at, "
            "paused_until, notified_failing_since, shredded_user, created_at) VALUES (:number, "
            ":subscription, :event, :judged_at, :paused_until, :notified, :shredded, "
            ":created_at)",
            use(number, "number"), use(notice.subscription, "subscription"),
            use(notice.deleted_event, "event"), use(notice.revision, "judged_at"),
            use(notice.paused_until, "paused_until"),
            use(notice.notified_failing_since, "notified"), use(notice.shredded_user, "shredded"),
            use(now, "created_at"));
}

std::vector<Notice> read_notices(soci::session& sql, std::int64_t after) {
    std::vector<Notice> notices;
    Notice notice;
    soci::statement query(sql);
    query.exchange(into(notice.number));
    query.exchange(into(notice.subscription));
    query.exchange(into(notice.deleted_event));
    query.exchange(into(notice.revision));
    query.exchange(into(notice.paused_until));
    query.exchange(into(notice.notified_failing_since));
    query.exchange(into(notice.shredded_user));
    query.exchange(into(notice.shredded_at));
    query.exchange(use(after, "after"));
    for_each_row(query,
                 "SELECT number, subscription_id, event_id, judged_at, paused_until, "
                 "notified_failing_since, shredded_user, created_at "
                 "FROM webhooks_notice WHERE number > :after ORDER BY number",
                 [&] { notices.push_back(notice); });
    return notices;
}

std::int64_t last_notice(soci::session& sql) {
    std::int64_t number = 0;
    execute(sql, "SELECT last_notice FROM webhooks_state", into(number));
    return number;
}

std::size_t erase_notices(soci::session& sql, Time newest, std::size_t limit) {
    soci::statement erase(sql);
    erase.exchange(use(newest, "until"));
    erase.exchange(use(limit, "take"));
    return execute(erase,
                   "DELETE FROM webhooks_notice WHERE number IN (SELECT number "
                   "FROM webhooks_notice WHERE created_at <= :until LIMIT :take)");
}

}  // namespace webhooks::storage
