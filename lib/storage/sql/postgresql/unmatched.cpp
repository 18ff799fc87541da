#include <algorithm>
#include <base/bucket.hpp>
#include <filter/filter_cache.hpp>
#include <filter/judge.hpp>
#include <map>
#include <memory>
#include <optional>
#include <sstream>
#include <storage/sql/order_table.hpp>
#include <storage/sql/postgresql/array.hpp>
#include <storage/sql/postgresql/order.hpp>
#include <storage/sql/postgresql/rollups.hpp>
#include <storage/sql/postgresql/unmatched.hpp>
#include <string>

namespace webhooks::storage {
namespace {

/// Heartbeats wait for what one transaction judges.
constexpr std::size_t max_publications = 100;
constexpr std::size_t max_payload_bytes = 4 * 1024 * 1024;
constexpr std::size_t max_steps = 10 * filter::max_steps;
constexpr std::size_t max_parsed_bytes = 1024 * 1024;
/// Before a batch, which is rejected where these are not enough.
constexpr int max_ordered = 1000;
constexpr std::size_t max_ordered_bytes = 16 * 1024 * 1024;

struct Unmatched {
    std::int64_t id = 0;
    std::int64_t place = 0;  ///< Among those with ordering keys.
    std::vector<SubscriptionId> subscriptions = {};
    Message message = {};  ///< As it is stored.
};

std::string reading() {
    return "SELECT u.id, array_to_string(u.subscriptions, ' '), u.event_type, u.content_type, "
           "u.payload, u.key_id, coalesce(u.ordering_key, ''), coalesce(u.place, 0) "
           "FROM webhooks_unmatched u WHERE ";
}

Unmatched read(const PostgresqlRows& rows, int row) {
    Unmatched publication{
        .id = rows.number(row, 0),
        .place = rows.number(row, 7),
        .message = {.event_type = std::string(rows.text(row, 2)),
                    .content_type = std::string(rows.text(row, 3)),
                    .payload = std::make_shared<const std::string>(rows.text(row, 4)),
                    .key_id = rows.number(row, 5),
                    .ordering_key = std::string(rows.text(row, 6))}};
    std::istringstream subscriptions{std::string(rows.text(row, 1))};
    for (std::int64_t id = 0; subscriptions >> id;) {
        publication.subscriptions.push_back({id});
    }
    return publication;
}

/// An earlier publication with the same ordering key for one of the same subscriptions: the first
/// one that there is, or null.
std::string earlier_one() {
    return "(SELECT q.id FROM webhooks_unmatched q WHERE q.ordering_key = u.ordering_key "
           "AND q.place < u.place AND q.subscriptions && u.subscriptions LIMIT 1)";
}

/// The oldest after this one that no transaction has locked and that waits for no other. Where a
/// host still publishes with an ordering key, others with it wait.
/// @param missing_keys of publications that are left out
std::optional<Unmatched> take(PostgresqlConnection& connection, std::int64_t after,
                              const std::set<std::int64_t>& missing_keys) {
    static const PreparedStatement select = {
        "take_unmatched",
        reading() +
            "u.id > $1 AND u.key_id <> ALL ($2::bigint[]) AND (u.ordering_key IS NULL OR (" +
            earlier_one() + " IS NULL AND NOT " + is_open("u.ordering_key") +
            ")) ORDER BY u.id LIMIT 1 FOR UPDATE OF u SKIP LOCKED"};
    PostgresqlArray left_out(PostgresqlArray::Element::bigint);
    for (const std::int64_t key : missing_keys) {
        left_out.add(key);
    }
    const PostgresqlRows rows = connection.execute(select, {parameter(after), left_out.take()});
    return rows.size() == 0 ? std::nullopt : std::optional(read(rows, 0));
}

/// Whether a publication waits for no other, and this stays so until the transaction ends.
bool is_next(PostgresqlConnection& connection, std::int64_t publication) {
    static const PreparedStatement lock = {"try_unmatched_lock",
                                           "SELECT 1 FROM webhooks_unmatched u WHERE u.id = $1 "
                                           "AND pg_try_advisory_xact_lock(" +
                                               queue_lock("u.ordering_key") + ")"};
    static const PreparedStatement select = {
        "is_next_unmatched",
        "SELECT 1 FROM webhooks_unmatched u WHERE u.id = $1 AND " + earlier_one() + " IS NULL"};
    return connection.execute(lock, {parameter(publication)}).size() > 0 &&
           connection.execute(select, {parameter(publication)}).size() > 0;
}

/// How much of a transaction is left for judging.
struct Room {
    std::size_t steps = filter::Judge::unlimited;
    std::size_t parsed_bytes = filter::Judge::unlimited;
};

struct Judged {
    PostgresqlArray matching{PostgresqlArray::Element::bigint};
    std::vector<SubscriptionId> waiting = {};  ///< For which there was no room.
};

/// Judges the filters of now. A subscription that was deleted since gets nothing. What cannot be
/// judged because its payload was destroyed or changed goes to all, and ends as others do.
Judged judge(PostgresqlConnection& connection, filter::FilterCache& filters, std::int64_t id,
             const Message& plain, Room& room, Filtered& filtered) {
    static const PreparedStatement select = {
        "read_filters",
        "SELECT s.id, s.filter, s.user_id FROM webhooks_subscription s WHERE s.deletion = 0 AND "
        "s.id IN (SELECT unnest(u.subscriptions) FROM webhooks_unmatched u WHERE u.id = $1) "
        "ORDER BY s.id"};
    const PostgresqlRows rows = connection.execute(select, {parameter(id)});
    filter::Judge judge(plain.event_type, plain.content_type, *plain.payload);
    judge.begin(room.steps);
    const std::size_t parsed_before = filters.parsed_bytes();
    const auto judge_row = [&](int row) -> std::optional<filter::Judgement> {
        if (plain.state != PayloadState::readable) return filter::Judgement::passes;
        if (filters.parsed_bytes() - parsed_before > room.parsed_bytes) return std::nullopt;
        return judge.judgement(filters.find(std::string(rows.text(row, 1))),
                               std::string(rows.text(row, 2)));
    };
    Judged judged;
    for (int row = 0; row < rows.size(); ++row) {
        const SubscriptionId subscription{rows.number(row, 0)};
        const bool has_room = judged.waiting.empty();
        const std::optional<filter::Judgement> judgement = has_room ? judge_row(row) : std::nullopt;
        if (!judgement) {
            judged.waiting.push_back(subscription);
        } else if (judgement == filter::Judgement::passes) {
            judged.matching.add(subscription.value);
        } else {
            filtered.subscriptions.push_back(subscription);
            if (judgement == filter::Judgement::unjudged) filtered.unjudged.push_back(subscription);
        }
    }
    room.steps -= std::min(room.steps, judge.steps());
    room.parsed_bytes -= std::min(room.parsed_bytes, filters.parsed_bytes() - parsed_before);
    return judged;
}

/// Of all that waits after this one: there may be more that cannot be decrypted than one
/// transaction looks at, and they must not keep it from the rest.
void find_missing_keys(PostgresqlConnection& connection, std::int64_t after,
                       const OpenMessage& open, std::set<std::int64_t>& missing_keys) {
    static const PreparedStatement select = {
        "find_waiting_keys",
        "SELECT DISTINCT key_id FROM webhooks_unmatched WHERE id > $1 AND key_id <> 0"};
    const PostgresqlRows rows = connection.execute(select, {parameter(after)});
    for (int row = 0; row < rows.size(); ++row) {
        // Its text does not matter: only whether its key is there.
        Message stored;
        stored.payload = std::make_shared<const std::string>();
        stored.key_id = rows.number(row, 0);
        open(stored, missing_keys);
    }
}

/// Those that remain to be judged keep their place.
void append(PostgresqlConnection& connection, std::int64_t id, Judged judged) {
    constexpr const char* appending =
        " RETURNING *) SELECT webhooks_append(webhooks_take_ids(cardinality($2::bigint[])), "
        "$2::bigint[], event_type, content_type, payload, expires_at, due_at, created_at, "
        "ordering_key, key_id) FROM judged WHERE cardinality($2::bigint[]) > 0";
    static const PreparedStatement move = {
        "append_judged",
        std::string("WITH judged AS (DELETE FROM webhooks_unmatched WHERE id = $1") + appending};
    static const PreparedStatement move_some = {
        "append_some_judged", std::string("WITH judged AS (UPDATE webhooks_unmatched SET "
                                          "subscriptions = $3::bigint[] WHERE id = $1") +
                                  appending};
    if (!judged.waiting.empty()) {
        PostgresqlArray waiting(PostgresqlArray::Element::bigint);
        for (const SubscriptionId subscription : judged.waiting) {
            waiting.add(subscription.value);
        }
        connection.execute(move_some, {parameter(id), judged.matching.take(), waiting.take()});
    } else {
        connection.execute(move, {parameter(id), judged.matching.take()});
    }
}

/// For each ordering key, the subscriptions for which something cannot be judged yet.
class Waiting {
public:
    void add(const std::string& key, SubscriptionId id) { subscriptions_[key].insert(id); }

    bool includes(const std::string& key, const std::vector<SubscriptionId>& any_of) const {
        const auto found = subscriptions_.find(key);
        return found != subscriptions_.end() && std::ranges::any_of(any_of, [&](SubscriptionId id) {
                   return found->second.contains(id);
               });
    }

private:
    std::map<std::string, std::set<SubscriptionId>> subscriptions_;
};

/// The keys of what is to be appended.
std::set<std::string> keys_of(const Batch& batch) {
    std::set<std::string> keys;
    for (const Append& append : batch.appends) {
        if (append.message->ordering_key.empty() || append.rejection) continue;
        keys.insert(append.message->ordering_key);
    }
    return keys;
}

Parameter array_of(const std::set<std::string>& keys) {
    PostgresqlArray array(PostgresqlArray::Element::text);
    for (const std::string& key : keys) {
        array.add(key);
    }
    return array.take();
}

/// The first that wait with these keys, in order: as many as are judged before a batch.
PostgresqlRows read_ordered(PostgresqlConnection& connection, const std::set<std::string>& keys) {
    static const PreparedStatement select = {
        "take_unmatched_of_keys",
        reading() +
            "u.id IN (SELECT w.id FROM (SELECT f.id, sum(f.bytes) OVER (ORDER BY f.place) - "
            "f.bytes AS so_far FROM (SELECT q.* FROM unnest($1::text[]) k (key) CROSS JOIN LATERAL "
            "(SELECT id, place, octet_length(payload) AS bytes FROM webhooks_unmatched "
            "WHERE ordering_key = k.key ORDER BY place LIMIT $2::bigint) q "
            "ORDER BY q.place LIMIT $2::bigint) f) w WHERE w.so_far < $3::bigint) "
            "ORDER BY u.place FOR UPDATE OF u"};
    return connection.execute(select, {array_of(keys), parameter(std::int64_t{max_ordered}),
                                       parameter(static_cast<std::int64_t>(max_ordered_bytes))});
}

/// What is after this place waits for another transaction.
void add_rest(PostgresqlConnection& connection, const std::set<std::string>& keys,
              std::int64_t last_place, Waiting& waiting) {
    static const PreparedStatement select = {
        "find_unmatched_rest",
        "SELECT DISTINCT u.ordering_key, s.id FROM webhooks_unmatched u, unnest(u.subscriptions) "
        "s (id) WHERE u.ordering_key = ANY ($1::text[]) AND u.place > $2"};
    const PostgresqlRows rows = connection.execute(select, {array_of(keys), parameter(last_place)});
    for (int row = 0; row < rows.size(); ++row) {
        waiting.add(std::string(rows.text(row, 0)), {rows.number(row, 1)});
    }
}

const Batch& rejected(const Batch& batch, const std::vector<std::size_t>& appends, const Error& why,
                      Batch& room) {
    if (appends.empty()) return batch;
    if (&batch != &room) room = batch;
    for (const std::size_t i : appends) {
        room.appends[i].rejection = why;
    }
    return room;
}

}  // namespace

JudgedOrdered judge_ordered(PostgresqlConnection& connection, filter::FilterCache& filters,
                            const OpenMessage& open, const Batch& batch) {
    JudgedOrdered judged;
    const std::set<std::string> keys = keys_of(batch);
    if (keys.empty()) return judged;
    const PostgresqlRows rows = read_ordered(connection, keys);
    if (rows.size() == 0) return judged;
    Waiting locked;
    Waiting rest;
    Room room{.steps = max_steps, .parsed_bytes = max_parsed_bytes};
    std::int64_t last_place = 0;
    for (int row = 0; row < rows.size(); ++row) {
        if (room.steps < filter::max_steps || room.parsed_bytes == 0) break;
        const Unmatched publication = read(rows, row);
        last_place = publication.place;
        const std::string& key = publication.message.ordering_key;
        // Also of one that waits, so that all missing keys are obtained together.
        const Message plain = open(publication.message, judged.missing_keys);
        if (plain.state == PayloadState::locked ||
            locked.includes(key, publication.subscriptions)) {
            for (const SubscriptionId id : publication.subscriptions)
                locked.add(key, id);
        } else if (rest.includes(key, publication.subscriptions)) {
            for (const SubscriptionId id : publication.subscriptions)
                rest.add(key, id);
        } else {
            Judged found = judge(connection, filters, publication.id, plain, room, judged.filtered);
            for (const SubscriptionId id : found.waiting)
                rest.add(key, id);
            append(connection, publication.id, std::move(found));
        }
    }
    add_rest(connection, keys, last_place, rest);
    for (std::size_t i = 0; i < batch.appends.size(); ++i) {
        const Append& append = batch.appends[i];
        if (append.rejection) continue;
        const std::string& key = append.message->ordering_key;
        if (locked.includes(key, append.subscriptions)) {
            judged.held_up.push_back(i);
        } else if (rest.includes(key, append.subscriptions)) {
            judged.behind.push_back(i);
        }
    }
    return judged;
}

const Batch& without_held_up(const Batch& batch, const JudgedOrdered& judged, Batch& room) {
    return rejected(batch, judged.held_up, held_up(), room);
}

const Batch& without_behind(const Batch& batch, JudgedOrdered& judged) {
    const Error behind = {
        Errc::unavailable,
        "many earlier publications with this ordering key are still to be judged by the filters of "
        "subscriptions: repeat this one later"};
    return rejected(batch, judged.behind, behind, judged.room);
}

Error held_up() {
    return {Errc::unavailable,
            "an earlier publication with this ordering key cannot be decrypted, because the key "
            "provider does not give its key: repeat this one later"};
}

void send_filtered(PostgresqlConnection& connection, WorkerId worker, const Filtered& filtered,
                   Time now) {
    std::map<SubscriptionId, Rollup> rollups;
    const auto counts_of = [&](SubscriptionId subscription) -> DeliveryCounts& {
        Rollup& rollup = rollups[subscription];
        rollup.subscription = subscription;
        rollup.bucket.start = bucket_of(now, rollup_width);
        return rollup.bucket.counts;
    };
    for (const SubscriptionId subscription : filtered.subscriptions) {
        ++counts_of(subscription).filtered;
        ++counts_of({}).filtered;
    }
    for (const SubscriptionId subscription : filtered.unjudged) {
        ++counts_of(subscription).unjudged;
        ++counts_of({}).unjudged;
    }
    std::vector<Rollup> rows;
    for (const auto& [subscription, rollup] : rollups) {
        rows.push_back(rollup);
    }
    send_rollups(connection, worker, rows);
}

std::size_t judge_unmatched(PostgresqlConnection& connection, filter::FilterCache& filters,
                            const OpenMessage& open, Filtered& filtered,
                            std::set<std::int64_t>& missing_keys) {
    std::size_t judged = 0;
    std::size_t bytes = 0;
    std::int64_t last = 0;
    bool has_all_missing = false;
    Room room{.steps = max_steps, .parsed_bytes = max_parsed_bytes};
    for (std::size_t seen = 0; seen < max_publications && bytes < max_payload_bytes &&
                               room.steps >= filter::max_steps && room.parsed_bytes > 0;
         ++seen) {
        const std::optional<Unmatched> publication = take(connection, last, missing_keys);
        if (!publication) break;
        last = publication->id;
        const bool is_ordered = !publication->message.ordering_key.empty();
        if (is_ordered && !is_next(connection, publication->id)) continue;
        const Message plain = open(publication->message, missing_keys);
        if (plain.state == PayloadState::locked) {
            if (!has_all_missing) find_missing_keys(connection, last, open, missing_keys);
            has_all_missing = true;
            continue;
        }
        append(connection, publication->id,
               judge(connection, filters, publication->id, plain, room, filtered));
        bytes += publication->message.payload->size();
        ++judged;
    }
    return judged;
}

}  // namespace webhooks::storage
