#include <bit>
#include <storage/idempotency.hpp>
#include <storage/sql/exchange.hpp>
#include <storage/sql/fan_out_table.hpp>
#include <storage/sql/postgresql/appends.hpp>
#include <storage/sql/postgresql/array.hpp>
#include <storage/sql/postgresql/fan_outs.hpp>
#include <storage/sql/postgresql/idempotency_keys.hpp>
#include <storage/sql/postgresql/order.hpp>
#include <storage/sql/trace_text.hpp>

namespace webhooks::storage {
namespace {

using Element = PostgresqlArray::Element;

/// The messages of one batch and their events, as arrays. They are only inserted, so they are
/// unnested in the SELECT list: for an unnest in FROM, PostgreSQL materializes a table first.
class NewEvents {
public:
    void add(const Append& append, const Appended& appended, std::size_t slice_size, Time now) {
        if (appended.count == 0) return;
        add_message(append, appended);
        if (append.is_fanned_out) {
            slices_.add(append, appended, slice_size, now);
        } else {
            add_events(append, appended);
        }
        is_empty_ = false;
    }

    /// @param receipt gets what those with ordering keys wait for.
    void write(PostgresqlConnection& connection, const WorkerContext& context,
               BatchReceipt& receipt) {
        static const PreparedStatement insert_messages = {
            "insert_messages",
            "INSERT INTO webhooks_message "
            "(id, event_count, event_type, content_type, payload, expires_at, trace, key_id, "
            "ordering_key, deliver_at) SELECT unnest($1::bigint[]), unnest($2::bigint[]), "
            "unnest($3::text[]), "
            "unnest($4::text[]), unnest($5::text[]), unnest($6::bigint[]), unnest($7::text[]), "
            "unnest($8::bigint[]), unnest($9::text[]), unnest($10::bigint[])"};
        static const PreparedStatement insert_events = {
            "insert_events",
            "INSERT INTO webhooks_event "
            "(id, subscription_id, message_id, worker_id, worker_tag, created_at) "
            "SELECT unnest($4::bigint[]), unnest($5::bigint[]), unnest($6::bigint[]), "
            "$1::bigint * unnest($7::bigint[]), $2, $3"};
        static const PreparedStatement insert_waiting = {
            "insert_waiting",
            "INSERT INTO webhooks_undelivered (subscription_id, event_id, due_at, attempts, tries, "
            "claimed_by, claim_number, is_deferred) SELECT unnest($1::bigint[]), "
            "unnest($2::bigint[]), unnest($3::bigint[]), 0, 0, 0, 0, 0"};
        if (is_empty_) return;
        connection.send(insert_messages,
                        {messages_.take(), event_counts_.take(), event_types_.take(),
                         content_types_.take(), payloads_.take(), expiries_.take(), traces_.take(),
                         keys_.take(), ordering_keys_.take(), deliver_ats_.take()});
        slices_.send(connection, context);
        if (!has_events_) return;
        connection.send(insert_events,
                        {parameter(context.worker.id.value),
                         parameter(std::bit_cast<std::int64_t>(context.worker.tag)),
                         parameter(to_micros(context.now)), events_.take(), subscriptions_.take(),
                         message_of_.take(), is_held_.take()});
        if (has_waiting_) {
            connection.send(insert_waiting,
                            {waiting_subscriptions_.take(), waiting_.take(), dues_.take()});
        }
        ordered_.write(connection, context, receipt);
    }

private:
    void add_message(const Append& append, const Appended& appended) {
        messages_.add(appended.first_event.value);
        event_counts_.add(appended.count);
        event_types_.add(append.message->event_type);
        content_types_.add(append.message->content_type);
        payloads_.add(*append.message->payload);
        expiries_.add(to_micros(append.message->expires_at));
        traces_.add(write_trace(append.message->trace));
        keys_.add(append.message->key_id);
        const std::string& ordering_key = append.message->ordering_key;
        ordering_keys_.add(ordering_key.empty() ? std::nullopt
                                                : std::optional<std::string_view>(ordering_key));
        deliver_ats_.add(to_micros(append.message->deliver_at));
    }

    void add_events(const Append& append, const Appended& appended) {
        const std::int64_t first = appended.first_event.value;
        has_events_ = true;
        for (std::size_t i = 0; i < append.subscriptions.size(); ++i) {
            const std::int64_t event = first + static_cast<std::int64_t>(i);
            const std::int64_t subscription = append.subscriptions[i].value;
            events_.add(event);
            subscriptions_.add(subscription);
            message_of_.add(first);
            const bool is_pulled = append.is_pulled(append.subscriptions[i]);
            is_held_.add(is_pulled ? 0 : 1);
            if (is_pulled) continue;
            ordered_.add(append, append.subscriptions[i], {event});
            if (!append.due) continue;
            waiting_.add(event);
            waiting_subscriptions_.add(subscription);
            dues_.add(to_micros(*append.due));
            has_waiting_ = true;
        }
    }

    PostgresqlArray messages_{Element::bigint};
    PostgresqlArray event_counts_{Element::bigint};
    PostgresqlArray event_types_{Element::text};
    PostgresqlArray content_types_{Element::text};
    PostgresqlArray payloads_{Element::text};
    PostgresqlArray expiries_{Element::bigint};
    PostgresqlArray traces_{Element::text};
    PostgresqlArray keys_{Element::bigint};
    PostgresqlArray ordering_keys_{Element::text};
    PostgresqlArray deliver_ats_{Element::bigint};
    PostgresqlArray events_{Element::bigint};
    PostgresqlArray subscriptions_{Element::bigint};
    PostgresqlArray message_of_{Element::bigint};
    PostgresqlArray is_held_{Element::bigint};  ///< 0: it is only read.
    PostgresqlArray waiting_{Element::bigint};
    PostgresqlArray waiting_subscriptions_{Element::bigint};
    PostgresqlArray dues_{Element::bigint};
    NewOrdered ordered_;
    NewSlices slices_;
    bool is_empty_ = true;
    bool has_events_ = false;
    bool has_waiting_ = false;
};

}  // namespace

void lock_revision(PostgresqlConnection& connection) {
    static const PreparedStatement lock = {"lock_revision",
                                           "SELECT 1 FROM webhooks_state FOR UPDATE"};
    connection.execute(lock, {});
}

void append(PostgresqlConnection& connection, const WorkerContext& context, const Batch& batch,
            EventId first_event, BatchReceipt& receipt) {
    const std::vector<Append>& appends = batch.appends;
    const std::vector<Appended> reserved = assign_ids(appends, first_event);
    BatchKeys keys(appends, reserved);
    keys.write(connection, context.now);
    std::vector<Result<Appended>> verdicts = decide(
        appends, reserved, [&](const IdempotencyKey& key) { return keys.find_earlier(key); },
        [&](const std::string& user) { return is_full(connection.sql(), user); });
    keys.correct(connection, context.now, appends, verdicts);
    NewEvents new_events;
    for (std::size_t i = 0; i < appends.size(); ++i) {
        if (!is_new(verdicts[i])) continue;
        new_events.add(appends[i], *verdicts[i], batch.slice_size, context.now);
    }
    new_events.write(connection, context, receipt);
    receipt.appends = std::move(verdicts);
}

}  // namespace webhooks::storage
