#include <base/hex.hpp>
#include <storage/sql/api_key_table.hpp>
#include <storage/sql/exchange.hpp>
#include <storage/sql/permissions_text.hpp>

namespace webhooks::storage {
namespace {

using soci::into;
using soci::use;

std::optional<Time> time_if_set(long long micros) {
    return micros == 0 ? std::nullopt : std::optional(from_micros(micros));
}

/// @param text a statement that returns `ApiKeyRow::columns`.
std::vector<ApiKeyRecord> fetch(soci::statement& query, const std::string& text) {
    ApiKeyRow row;
    std::vector<ApiKeyRecord> keys;
    query.exchange(into(row.id));
    query.exchange(into(row.hash));
    query.exchange(into(row.user_id));
    query.exchange(into(row.is_administrator));
    query.exchange(into(row.created_at));
    query.exchange(into(row.name));
    query.exchange(into(row.permissions));
    query.exchange(into(row.subscription_id));
    query.exchange(into(row.expires_at));
    query.exchange(into(row.rate_per_second));
    query.exchange(into(row.rate_burst));
    query.exchange(into(row.hint));
    query.exchange(into(row.last_used_at));
    for_each_row(query, text, [&] { keys.push_back(row.to_record()); });
    return keys;
}

std::string select() {
    return std::string("SELECT ") + ApiKeyRow::columns + " FROM webhooks_api_key";
}

std::optional<ApiKeyRecord> only(const std::vector<ApiKeyRecord>& found) {
    return found.empty() ? std::nullopt : std::optional(found.front());
}

}  // namespace

ApiKeyRow ApiKeyRow::of(const ApiKeyRecord& record) {
    const RequestRate rate = record.rate.value_or(RequestRate{});
    return {.id = record.id.value,
            .hash = to_hex(record.hash),
            .user_id = record.user_id,
            .is_administrator = record.permissions.includes(Permission::administrator) ? 1 : 0,
            .created_at = to_micros(record.created_at),
            .name = record.name,
            .permissions = permissions_to_text(record.permissions),
            .subscription_id = record.subscription.value_or(SubscriptionId{}).value,
            .expires_at = to_micros(record.expires_at).value_or(0),
            .rate_per_second = rate.per_second,
            .rate_burst = rate.burst,
            .hint = record.hint,
            .last_used_at = to_micros(record.last_used_at).value_or(0)};
}

ApiKeyRecord ApiKeyRow::to_record() const {
    const Permissions of_earlier_version =
        is_administrator != 0 ? Permissions::administrator() : Permissions::user();
    ApiKeyRecord record{.id = {id},
                        .hash = from_hex(hash),
                        .user_id = user_id,
                        .name = name,
                        .permissions = permissions.empty() ? of_earlier_version
                                                           : permissions_from_text(permissions),
                        .expires_at = time_if_set(expires_at),
                        .hint = hint,
                        .created_at = from_micros(created_at),
                        .last_used_at = time_if_set(last_used_at)};
    if (subscription_id != 0) record.subscription = SubscriptionId{subscription_id};
    if (rate_per_second != 0) record.rate = RequestRate{rate_per_second, rate_burst};
    return record;
}

ApiKeyId insert_api_key(soci::session& sql, const ApiKeyRecord& key) {
    const ApiKeyRow row = ApiKeyRow::of(key);
    ApiKeyId id;
    execute(sql,
            "INSERT INTO webhooks_api_key (hash, user_id, is_administrator, created_at, name, "
            "permissions, subscription_id, expires_at, rate_per_second, rate_burst, hint, "
            "last_used_at) VALUES (:hash, :user_id, :is_administrator, :created_at, :name, "
            ":permissions, :subscription_id, :expires_at, :rate_per_second, :rate_burst, :hint, "
            ":last_used_at) RETURNING id",
            use(row.hash, "hash"), use(row.user_id, "user_id"),
            use(row.is_administrator, "is_administrator"), use(row.created_at, "created_at"),
            use(row.name, "name"), use(row.permissions, "permissions"),
            use(row.subscription_id, "subscription_id"), use(row.expires_at, "expires_at"),
            use(row.rate_per_second, "rate_per_second"), use(row.rate_burst, "rate_burst"),
            use(row.hint, "hint"), use(row.last_used_at, "last_used_at"), into(id));
    return id;
}

std::optional<ApiKeyRecord> find_api_key(soci::session& sql, std::string_view hash) {
    const std::string wanted = to_hex(hash);
    soci::statement query(sql);
    query.exchange(use(wanted, "hash"));
    return only(fetch(query, select() + " WHERE hash = :hash"));
}

std::vector<ApiKeyRecord> list_api_keys(soci::session& sql) {
    soci::statement query(sql);
    return fetch(query, select() + " ORDER BY id");
}

void note_api_key_use(soci::session& sql, ApiKeyId id, Time time) {
    soci::statement update(sql);
    update.exchange(use(time, "time"));
    update.exchange(use(id, "id"));
    execute(update, "UPDATE webhooks_api_key SET last_used_at = :time WHERE id = :id");
}

std::optional<ApiKeyRecord> delete_api_key(soci::session& sql, ApiKeyId id) {
    soci::statement erase(sql);
    erase.exchange(use(id, "id"));
    return only(fetch(erase, std::string("DELETE FROM webhooks_api_key WHERE id = :id RETURNING ") +
                                 ApiKeyRow::columns));
}

}  // namespace webhooks::storage
