#include <bit>
#include <storage/fan_out.hpp>
#include <storage/sql/exchange.hpp>
#include <storage/sql/fan_out_table.hpp>
#include <storage/sql/postgresql/fan_outs.hpp>
#include <storage/sql/postgresql/lookup_sql.hpp>

namespace webhooks::storage {
namespace {

/// A turn is the events of one user, about $2 of them, that no other worker has locked.
/// @param users those whose turn it may be, in this order
std::string making_events(const std::string& users) {
    return "WITH waiting AS (SELECT f.first_event_id, f.event_count FROM webhooks_fan_out f "
           "WHERE f.user_id = (SELECT n.user_id FROM webhooks_fan_out n WHERE n.user_id " +
           users +
           " ORDER BY n.user_id LIMIT 1) ORDER BY f.first_event_id LIMIT 1000 "
           "FOR UPDATE SKIP LOCKED), "
           "taken AS (DELETE FROM webhooks_fan_out WHERE first_event_id IN (SELECT first_event_id "
           "FROM (SELECT first_event_id, sum(event_count) OVER (ORDER BY first_event_id) "
           "- event_count AS before FROM waiting) w WHERE w.before < $2::bigint) RETURNING *), "
           "made AS MATERIALIZED (SELECT t.first_event_id + u.place - 1 AS event_id, "
           "u.id AS subscription_id, t.message_id, t.worker_tag, t.created_at, t.due_at, "
           "s.delivery FROM taken t CROSS JOIN LATERAL "
           "unnest(string_to_array(t.subscriptions, ' ')::bigint[]) WITH ORDINALITY "
           "AS u(id, place) " +
           look_up("delivery", "webhooks_subscription", "u.id", "", "AND deletion = 0 OFFSET 0") +
           "s), events AS (INSERT INTO webhooks_event "
           "(id, subscription_id, message_id, worker_id, worker_tag, created_at) "
           "SELECT event_id, subscription_id, message_id, 0, worker_tag, created_at FROM made), "
           "due AS (INSERT INTO webhooks_undelivered (subscription_id, event_id, due_at, "
           "attempts, tries, claimed_by, claim_number, is_deferred) "
           "SELECT subscription_id, event_id, due_at, 0, 0, 0, 0, 0 FROM made "
           "WHERE delivery = 'push') "
           "SELECT t.user_id, t.event_count, t.message_id, (t.message_id = "
           "ANY (ARRAY(SELECT DISTINCT message_id FROM made)))::int FROM taken t";
}

/// @return their number; less than `count` means that there are none that can be taken
std::size_t make_events(PostgresqlConnection& connection, std::string& last_user,
                        std::size_t count) {
    static const PreparedStatement next = {"make_next_events", making_events("> $1")};
    static const PreparedStatement first = {"make_first_events", making_events(">= $1")};
    std::size_t made = 0;
    while (made < count) {
        const Parameter left = parameter(static_cast<std::int64_t>(count - made));
        PostgresqlRows rows = connection.execute(next, {Parameter(last_user), left});
        if (rows.size() == 0) rows = connection.execute(first, {Parameter(""), left});
        if (rows.size() == 0) break;
        last_user = rows.text(0, 0);
        for (int row = 0; row < rows.size(); ++row) {
            made += static_cast<std::size_t>(rows.number(row, 1));
            if (rows.number(row, 3) > 0) continue;
            erase_message_without_events(connection.sql(), rows.number(row, 2));
        }
    }
    return made;
}

}  // namespace

void NewSlices::add(const Append& append, const Appended& appended, std::size_t slice_size,
                    Time now) {
    for (const Slice& slice : slices_of(append, appended.first_event, slice_size)) {
        first_events_.add(slice.first.value);
        users_.add(append.message->user_id);
        messages_.add(appended.first_event.value);
        dues_.add(to_micros(append.due.value_or(now)));
        counts_.add(static_cast<std::int64_t>(slice.subscriptions.size()));
        subscriptions_.add(write_ids(slice.subscriptions));
        is_empty_ = false;
    }
}

void NewSlices::send(PostgresqlConnection& connection, const WorkerContext& context) {
    static const PreparedStatement insert = {
        "insert_slices",
        "INSERT INTO webhooks_fan_out (first_event_id, user_id, message_id, worker_tag, "
        "created_at, due_at, event_count, subscriptions) SELECT unnest($3::bigint[]), "
        "unnest($4::text[]), unnest($5::bigint[]), $1, $2, unnest($6::bigint[]), "
        "unnest($7::bigint[]), unnest($8::text[])"};
    if (is_empty_) return;
    connection.send(insert,
                    {parameter(std::bit_cast<std::int64_t>(context.worker.tag)),
                     parameter(to_micros(context.now)), first_events_.take(), users_.take(),
                     messages_.take(), dues_.take(), counts_.take(), subscriptions_.take()});
}

void continue_fan_outs(PostgresqlConnection& connection, const Batch& batch, std::string& last_user,
                       BatchReceipt& receipt) {
    if (batch.continues_fan_outs) {
        receipt.fanned_out = make_events(connection, last_user, batch.slice_size);
    }
    // Another worker makes what cannot be taken.
    if (receipt.fanned_out >= batch.slice_size || fans_out(batch)) {
        receipt.has_fan_outs = has_fan_outs(connection.sql());
    }
}

}  // namespace webhooks::storage
