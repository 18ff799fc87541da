#include <base/hex.hpp>
#include <storage/idempotency.hpp>
#include <storage/sql/exchange.hpp>
#include <storage/sql/postgresql/array.hpp>
#include <storage/sql/postgresql/idempotency_keys.hpp>

namespace webhooks::storage {
namespace {

using Element = PostgresqlArray::Element;
using StoredKeys = BatchKeys::StoredKeys;

BatchKeys::Stored as_stored(const IdempotencyKey& given, const Appended& appended) {
    return {.digest = to_hex(given.digest), .appended = appended};
}

std::vector<Parameter> names(const StoredKeys& stored) {
    PostgresqlArray scopes(Element::text);
    PostgresqlArray keys(Element::text);
    for (const auto& [id, key] : stored) {
        scopes.add(id.first);
        keys.add(id.second);
    }
    return {scopes.take(), keys.take()};
}

BatchKeys::Id key_id(const PostgresqlRows& rows, int row) {
    return {std::string(rows.text(row, 0)), std::string(rows.text(row, 1))};
}

/// In the order of the keys, so that two batches cannot deadlock. Expired keys are replaced.
/// @return those that were written.
std::vector<BatchKeys::Id> insert_keys(PostgresqlConnection& connection, const StoredKeys& keys,
                                       Time now) {
    static const PreparedStatement statement = {
        "insert_keys",
        "INSERT INTO webhooks_idempotency_key AS k "
        "(scope, key, digest, first_event_id, event_count, created_at) "
        "SELECT scope, key, digest, first_event_id, event_count, $6 "
        "FROM unnest($1::text[], $2::text[], $3::text[], $4::bigint[], $5::bigint[]) "
        "AS n(scope, key, digest, first_event_id, event_count) "
        "ON CONFLICT (scope, key) DO UPDATE SET digest = excluded.digest, "
        "first_event_id = excluded.first_event_id, event_count = excluded.event_count, "
        "created_at = excluded.created_at WHERE k.created_at <= $7 RETURNING scope, key"};
    PostgresqlArray digests(Element::text);
    PostgresqlArray first_events(Element::bigint);
    PostgresqlArray counts(Element::bigint);
    for (const auto& [id, key] : keys) {
        digests.add(key.digest);
        first_events.add(key.appended.first_event.value);
        counts.add(key.appended.count);
    }
    std::vector<Parameter> parameters = names(keys);
    parameters.insert(parameters.end(), {digests.take(), first_events.take(), counts.take(),
                                         parameter(to_micros(now)),
                                         parameter(to_micros(now - idempotency_lifetime))});
    const PostgresqlRows rows = connection.execute(statement, parameters);
    std::vector<BatchKeys::Id> written;
    for (int row = 0; row < rows.size(); ++row) {
        written.push_back(key_id(rows, row));
    }
    return written;
}

void remove_keys(PostgresqlConnection& connection, const StoredKeys& keys) {
    static const PreparedStatement statement = {
        "delete_keys",
        "DELETE FROM webhooks_idempotency_key k USING unnest($1::text[], $2::text[]) "
        "AS w(scope, key) WHERE k.scope = w.scope AND k.key = w.key"};
    connection.execute(statement, names(keys));
}

}  // namespace

BatchKeys::BatchKeys(const std::vector<Append>& appends, const std::vector<Appended>& reserved) {
    for (std::size_t i = 0; i < appends.size(); ++i) {
        const std::optional<IdempotencyKey>& key = appends[i].idempotency;
        if (key) others_.try_emplace({key->scope, key->key}, as_stored(*key, reserved[i]));
    }
}

void BatchKeys::write(PostgresqlConnection& connection, Time now) {
    if (others_.empty()) return;
    drop_busy(connection);
    for (const Id& id : insert_keys(connection, others_, now)) {
        ours_.insert(others_.extract(id));
    }
    if (!others_.empty()) find(connection);
}

Result<std::optional<Earlier>> BatchKeys::find_earlier(const IdempotencyKey& given) const {
    const Id id{given.scope, given.key};
    if (ours_.contains(id)) return std::nullopt;
    const auto found = others_.find(id);
    if (found == others_.end()) {
        return Error(Errc::unavailable,
                     "another is publishing with this idempotency key; try again");
    }
    return Earlier{.has_same_content = has_digest(given, found->second.digest),
                   .appended = found->second.appended};
}

void BatchKeys::correct(PostgresqlConnection& connection, Time now,
                        const std::vector<Append>& appends,
                        const std::vector<Result<Appended>>& verdicts) {
    StoredKeys right;
    for (std::size_t i = 0; i < appends.size(); ++i) {
        const std::optional<IdempotencyKey>& key = appends[i].idempotency;
        if (!key || !is_new(verdicts[i])) continue;
        const auto written = ours_.find({key->scope, key->key});
        const Stored wanted = as_stored(*key, *verdicts[i]);
        if (written->second == wanted) {
            ours_.erase(written);
        } else {
            right.emplace(written->first, wanted);
        }
    }
    if (ours_.empty()) return;
    remove_keys(connection, ours_);
    if (!right.empty()) insert_keys(connection, right, now);
}

/// A worker does not wait for a host's transaction, which may take any time.
void BatchKeys::drop_busy(PostgresqlConnection& connection) {
    static const PreparedStatement select = {
        "find_busy_keys",
        "SELECT w.scope, w.key FROM unnest($1::text[], $2::text[]) AS w(scope, key) "
        "WHERE webhooks_key_lock(w.scope, w.key) IN "
        "(SELECT key FROM webhooks_advisory_lock WHERE mode = 'ExclusiveLock')"};
    const PostgresqlRows rows = connection.execute(select, names(others_));
    for (int row = 0; row < rows.size(); ++row) {
        others_.erase(key_id(rows, row));
    }
}

void BatchKeys::find(PostgresqlConnection& connection) {
    static const PreparedStatement select = {
        "find_keys",
        "SELECT k.scope, k.key, k.digest, k.first_event_id, k.event_count "
        "FROM webhooks_idempotency_key k JOIN unnest($1::text[], $2::text[]) AS w(scope, key) "
        "ON k.scope = w.scope AND k.key = w.key"};
    const PostgresqlRows rows = connection.execute(select, names(others_));
    for (int row = 0; row < rows.size(); ++row) {
        others_[key_id(rows, row)] = {
            .digest = std::string(rows.text(row, 2)),
            .appended = {.first_event = {rows.number(row, 3)},
                         .count = static_cast<std::uint32_t>(rows.number(row, 4))}};
    }
}

}  // namespace webhooks::storage
