#include <storage/sql/exchange.hpp>
#include <storage/sql/notice_table.hpp>

namespace webhooks::storage {

using soci::into;
using soci::use;

void give_notice(soci::session& sql, const Notice& notice, Time now) {
    long long number = 0;
    sql << "UPDATE webhooks_state SET last_notice = last_notice + 1 RETURNING last_notice",
        into(number);
    const long long subscription = notice.subscription.value;
    const long long judged_at = notice.judged_at;
    const long long created_at = to_micros(now);
    Nullable<long long> event;
    Nullable<long long> paused_until;
    Nullable<long long> notified;
    if (notice.deleted_event) event.set(std::optional(notice.deleted_event->value));
    paused_until.set(to_micros(notice.paused_until));
    notified.set(to_micros(notice.notified_failing_since));
    sql << "INSERT INTO webhooks_notice (number, subscription_id, event_id, judged_at, "
           "paused_until, notified_failing_since, created_at) VALUES (:number, :subscription, "
           ":event, :judged_at, :paused_until, :notified, :created_at)",
        use(number, "number"), use(subscription, "subscription"),
        use(event.value, event.indicator, "event"), use(judged_at, "judged_at"),
        use(paused_until.value, paused_until.indicator, "paused_until"),
        use(notified.value, notified.indicator, "notified"), use(created_at, "created_at");
}

std::vector<Notice> read_notices(soci::session& sql, std::int64_t after) {
    std::vector<Notice> notices;
    const long long from = after;
    long long number = 0;
    long long subscription = 0;
    Nullable<long long> event;
    long long judged_at = 0;
    Nullable<long long> paused_until;
    Nullable<long long> notified;
    soci::statement query(sql);
    query.exchange(into(number));
    query.exchange(into(subscription));
    query.exchange(into(event.value, event.indicator));
    query.exchange(into(judged_at));
    query.exchange(into(paused_until.value, paused_until.indicator));
    query.exchange(into(notified.value, notified.indicator));
    query.exchange(use(from, "after"));
    for_each_row(query,
                 "SELECT number, subscription_id, event_id, judged_at, paused_until, "
                 "notified_failing_since "
                 "FROM webhooks_notice WHERE number > :after ORDER BY number",
                 [&] {
                     Notice notice{.number = number,
                                   .subscription = {subscription},
                                   .judged_at = judged_at,
                                   .notified_failing_since = from_micros(notified.get()),
                                   .paused_until = from_micros(paused_until.get())};
                     if (event.get()) notice.deleted_event = EventId{event.value};
                     notices.push_back(notice);
                 });
    return notices;
}

std::int64_t last_notice(soci::session& sql) {
    long long number = 0;
    sql << "SELECT last_notice FROM webhooks_state", into(number);
    return number;
}

std::size_t erase_notices(soci::session& sql, Time newest, std::size_t limit) {
    const long long until = to_micros(newest);
    const long long take = static_cast<long long>(limit);
    soci::statement erase =
        (sql.prepare << "DELETE FROM webhooks_notice WHERE number IN (SELECT number "
                        "FROM webhooks_notice WHERE created_at <= :until LIMIT :take)",
         use(until, "until"), use(take, "take"));
    erase.execute(true);
    return static_cast<std::size_t>(erase.get_affected_rows());
}

}  // namespace webhooks::storage
