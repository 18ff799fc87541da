#include <soci/sqlite3/soci-sqlite3.h>

#include <algorithm>
#include <base/bucket.hpp>
#include <base/hex.hpp>
#include <base/utf8.hpp>
#include <bit>
#include <filter/filter_cache.hpp>
#include <filter/judge.hpp>
#include <publication/publication.hpp>
#include <random>
#include <storage/idempotency.hpp>
#include <storage/rollup_counts.hpp>
#include <storage/sql/exchange.hpp>
#include <storage/sql/migrator.hpp>
#include <storage/sql/rollup_table.hpp>
#include <storage/sql/sqlite/attached_file.hpp>
#include <storage/sql/sqlite/failure.hpp>
#include <storage/sql/sqlite/outbox_cipher.hpp>
#include <storage/sql/sqlite/savepoint.hpp>
#include <webhooks/clock.hpp>
#include <webhooks/outbox.hpp>

namespace webhooks {
namespace storage {
namespace {

/// As on PostgreSQL: services with a lower limit deliver it as well.
constexpr std::size_t max_outbox_payload_bytes = 16 * 1024 * 1024;

/// Adds to the counts of a subscription, with its id, the beginning of the bucket, and how many
/// were filtered, and of them unjudged. The row is of worker 0, which no worker writes.
std::string adding_filtered() {
    std::string values = "VALUES (?, ?, 300, 0";
    static_assert(std::string_view(count_columns.back()) == "unjudged");
    for (std::size_t i = 0; i + 2 < count_columns.size(); ++i) {
        values += ", 0";
    }
    std::string text = adding_to_rollups(values + ", ?, ?)");
    return text.insert(text.find("webhooks_rollup"), "@");
}

/// Publishes on a host's connection. Throws what SqliteStatement throws.
class SqliteOutbox {
public:
    /// @param keys null: it cannot encrypt.
    SqliteOutbox(sqlite_api::sqlite3* connection, std::string_view schema, KeyProvider* keys)
        : file_(connection, schema), keys_(keys) {}

    Result<PublishReceipt> publish(const Publication& publication) {
        const LastRowKept kept(file_.connection());
        const std::string write = file_.named("UPDATE @webhooks_state SET revision = revision");
        Savepoint savepoint(file_.connection(), write);
        // First, so that later reads see the state that this transaction writes on.
        SqliteStatement(file_.connection(), write).execute();
        if (Result<> verdict = check_version(); !verdict) return verdict.error();
        const Time now = system_clock()->now();
        std::optional<SqliteOutboxCipher> cipher;
        if (encrypts()) {
            if (!keys_) return outbox_needs_keys();
            cipher.emplace(file_, *keys_, now);
        }
        if (Result<> verdict = check(publication, now); !verdict) return verdict.error();
        Result<PublishReceipt> receipt = append(publication, cipher, now);
        if (receipt) savepoint.release();
        return receipt;
    }

private:
    SqliteStatement statement(std::string text) const { return file_.statement(std::move(text)); }

    Result<> check_version() const {
        std::int64_t version = 0;
        statement("SELECT max(version) FROM @webhooks_schema").find([&](const SqliteRow& row) {
            version = row.number(0);
        });
        if (version == sqlite_migrations().back().version) return {};
        return Error(Errc::conflict, "the database has version " + std::to_string(version) +
                                         " of the schema, this library needs " +
                                         std::to_string(sqlite_migrations().back().version) +
                                         "; make_sqlite_storage updates an older one");
    }

    bool encrypts() const {
        std::int64_t encrypts = 0;
        statement("SELECT encrypts_payloads FROM @webhooks_state").find([&](const SqliteRow& row) {
            encrypts = row.number(0);
        });
        return encrypts != 0;
    }

    /// @return what is wrong; empty: events of this type may be published.
    std::string check_type(const std::string& event_type) const {
        std::string problem = "is not a registered event type";
        if (!is_storable_text(event_type)) return problem;
        statement(
            "SELECT retired_at IS NOT NULL, successor FROM @webhooks_event_type WHERE name = ?")
            .find(
                [&](const SqliteRow& row) {
                    problem = row.number(0) == 0 ? "" : was_retired(std::string(row.text(1)));
                },
                event_type);
        return problem;
    }

    Result<> check(const Publication& publication, Time now) const {
        std::vector<FieldError> errors;
        if (const std::string problem = check_type(publication.event_type); !problem.empty()) {
            errors.push_back({"eventType", problem});
        }
        if (const Result<> members = check_members(publication, now, max_outbox_payload_bytes);
            !members) {
            const std::vector<FieldError> more = members.error().fields();
            errors.insert(errors.end(), more.begin(), more.end());
        }
        if (errors.empty()) return {};
        return Error(std::move(errors));
    }

    Result<PublishReceipt> append(const Publication& publication,
                                  const std::optional<SqliteOutboxCipher>& cipher, Time now) const {
        std::optional<IdempotencyKey> key = idempotency_of(publication);
        if (key) {
            const Result<> sealed = cipher ? cipher->seal_digest(*key) : Result<>();
            if (!sealed) return sealed.error();
            if (std::optional<Result<PublishReceipt>> earlier = find_earlier(*key, now)) {
                return *std::move(earlier);
            }
        }
        const Match found = match(publication);
        const std::vector<std::int64_t>& subscriptions = found.subscriptions;
        const std::int64_t first = take_ids(subscriptions.size());
        if (key) {
            statement(
                "INSERT OR REPLACE INTO @webhooks_idempotency_key "
                "(scope, key, digest, first_event_id, event_count, created_at) "
                "VALUES (?, ?, ?, ?, ?, ?)")
                .execute(key->scope, key->key, to_hex(key->digest), first,
                         static_cast<std::int64_t>(subscriptions.size()), to_micros(now));
        }
        if (!subscriptions.empty()) {
            Result<Message> message = message_of(publication);
            if (cipher) message = cipher->seal(*message);
            if (!message) return message.error();
            const Time due = std::max(publication.deliver_at.value_or(now), now);
            if (due > now) message->deliver_at = due;
            insert(*message, subscriptions, first, now, due);
        }
        count_filtered(found.filtered, now);
        return receipt_of(first, subscriptions.size(), false);
    }

    static PublishReceipt receipt_of(std::int64_t first, std::size_t count, bool is_replay) {
        PublishReceipt receipt{.event_ids = {}, .is_replay = is_replay};
        for (std::size_t i = 0; i < count; ++i) {
            receipt.event_ids.push_back({first + static_cast<std::int64_t>(i)});
        }
        return receipt;
    }

    /// @return nullopt if the key is unused.
    std::optional<Result<PublishReceipt>> find_earlier(const IdempotencyKey& key, Time now) const {
        std::optional<Result<PublishReceipt>> earlier;
        statement(
            "SELECT first_event_id, event_count, digest FROM @webhooks_idempotency_key "
            "WHERE scope = ? AND key = ? AND created_at > ?")
            .find(
                [&](const SqliteRow& row) {
                    earlier =
                        receipt_of(row.number(0), static_cast<std::size_t>(row.number(1)), true);
                    if (has_digest(key, row.text(2))) return;
                    earlier = Error(Errc::conflict,
                                    "the idempotency key was used for other content within 24 "
                                    "hours");
                },
                key.scope, key.key, to_micros(now - idempotency_lifetime));
        return earlier;
    }

    struct Match {
        std::vector<std::int64_t> subscriptions = {};  ///< Ascending.
        Filtered filtered = {};                        ///< Whose filters do not let it through.
    };

    /// The active subscriptions.
    Match match(const Publication& publication) const {
        Match match;
        filter::BorrowedFilters borrowed;
        filter::FilterCache& filters = borrowed.filters();
        filter::Judge judge(publication.event_type, publication.content_type, publication.payload);
        statement(
            "SELECT id, filter, user_id FROM @webhooks_subscription WHERE deletion = 0 AND "
            "is_active = 1 "
            "AND (?1 = '' OR user_id = ?1) AND (event_type IN (?2, '*') "
            "OR substr(event_type, -2) = '.*' AND substr(?2, 1, length(event_type) - 1) "
            "= substr(event_type, 1, length(event_type) - 1)) ORDER BY id")
            .for_each(
                [&](const SqliteRow& row) {
                    const std::optional<filter::Judgement> judgement = judge.judgement(
                        filters.find(std::string(row.text(1))), std::string(row.text(2)));
                    const SubscriptionId id{row.number(0)};
                    if (judgement == filter::Judgement::passes) {
                        match.subscriptions.push_back(id.value);
                        return;
                    }
                    match.filtered.subscriptions.push_back(id);
                    if (judgement == filter::Judgement::unjudged)
                        match.filtered.unjudged.push_back(id);
                },
                publication.user_id, publication.event_type);
        return match;
    }

    void count_filtered(const Filtered& filtered, Time now) const {
        if (filtered.subscriptions.empty()) return;
        const auto count = [](const std::vector<SubscriptionId>& subscriptions) {
            return static_cast<std::int64_t>(subscriptions.size());
        };
        SqliteStatement add = statement(adding_filtered());
        const std::int64_t start = to_micros(bucket_of(now, rollup_width));
        add.execute(std::int64_t{0}, start, count(filtered.subscriptions),
                    count(filtered.unjudged));
        for (const SubscriptionId id : filtered.subscriptions) {
            const bool is_judged = !std::ranges::binary_search(filtered.unjudged, id);
            add.execute(id.value, start, std::int64_t{1}, std::int64_t{is_judged ? 0 : 1});
        }
    }

    /// @return the first of consecutive ids.
    std::int64_t take_ids(std::size_t count) const {
        std::int64_t last = 0;
        statement("SELECT last_event_id FROM @webhooks_state").find([&](const SqliteRow& row) {
            last = row.number(0);
        });
        statement("UPDATE @webhooks_state SET last_event_id = ?")
            .execute(last + static_cast<std::int64_t>(count));
        return last + 1;
    }

    void insert(const Message& message, const std::vector<std::int64_t>& subscriptions,
                std::int64_t first, Time now, Time due) const {
        statement(
            "INSERT INTO @webhooks_message (id, event_count, event_type, content_type, payload, "
            "expires_at, ordering_key, key_id, deliver_at) "
            "VALUES (?, ?, ?, ?, ?, ?, nullif(?, ''), ?, ?)")
            .execute(first, static_cast<std::int64_t>(subscriptions.size()), message.event_type,
                     message.content_type, *message.payload, to_micros(message.expires_at),
                     message.ordering_key, message.key_id, to_micros(message.deliver_at));
        // Of no worker, with a tag of its own. Unless they are only read, unclaimed and due, for
        // any worker.
        std::random_device random;
        const auto tag = std::bit_cast<std::int64_t>((std::uint64_t{random()} << 32U) | random());
        SqliteStatement event = statement(
            "INSERT INTO @webhooks_event "
            "(id, subscription_id, message_id, worker_id, worker_tag, created_at) "
            "VALUES (?, ?, ?, 0, ?, ?)");
        SqliteStatement undelivered = statement(
            "INSERT INTO @webhooks_undelivered (subscription_id, event_id, due_at, attempts, "
            "tries, claimed_by, claim_number, is_deferred) SELECT id, ?, ?, 0, 0, 0, 0, 0 "
            "FROM @webhooks_subscription WHERE id = ? AND delivery = 'push'");
        for (std::size_t i = 0; i < subscriptions.size(); ++i) {
            const std::int64_t id = first + static_cast<std::int64_t>(i);
            event.execute(id, subscriptions[i], first, tag, to_micros(now));
            undelivered.execute(id, to_micros(due), subscriptions[i]);
        }
        if (!message.ordering_key.empty()) enter_queues(message, subscriptions, first);
    }

    /// Workers find out what waits for what.
    void enter_queues(const Message& message, const std::vector<std::int64_t>& subscriptions,
                      std::int64_t first) const {
        SqliteStatement enter = statement(
            "INSERT INTO @webhooks_ordered (event_id, subscription_id, ordering_key, worker_id) "
            "SELECT ?, id, ?, 0 FROM @webhooks_subscription WHERE id = ? AND delivery = 'push'");
        for (std::size_t i = 0; i < subscriptions.size(); ++i) {
            enter.execute(first + static_cast<std::int64_t>(i), message.ordering_key,
                          subscriptions[i]);
        }
    }

    const AttachedFile file_;
    KeyProvider* const keys_;
};

/// @return the file of an attached database.
Result<std::string> find_file(sqlite_api::sqlite3* connection, const std::string& schema) {
    const char* path = sqlite_api::sqlite3_db_filename(connection, schema.c_str());
    if (path != nullptr && *path != '\0') return std::string(path);
    return Error(Errc::invalid_argument,
                 path == nullptr
                     ? "no database '" + schema + "' is attached to the connection"
                     : "the database '" + schema + "' is in memory, where no service can read it");
}

Result<PublishReceipt> publish(sqlite_api::sqlite3* connection, const Publication& publication,
                               const std::string& schema, KeyProvider* keys) {
    const Result<std::string> file = find_file(connection, schema);
    if (!file) return file.error();
    if (sqlite_api::sqlite3_get_autocommit(connection) != 0) {
        return Error(Errc::invalid_argument,
                     "publish_in_transaction needs an open transaction: BEGIN IMMEDIATE");
    }
    try {
        return SqliteOutbox(connection, schema, keys).publish(publication);
    } catch (const std::exception& failure) {
        const Error error = sqlite_failure(
            failure, *file, "let this connection wait longer with sqlite3_busy_timeout");
        if (sqlite_api::sqlite3_get_autocommit(connection) == 0) return error;
        return Error(error.code(),
                     error.detail() + "; the transaction was rolled back, begin it again");
    }
}

/// Throws nothing.
Result<PublishReceipt> publish_on(::sqlite3* connection, const Publication& publication,
                                  std::string_view schema, KeyProvider* keys) {
    if (connection == nullptr) {
        return Error(Errc::invalid_argument, "publish_in_transaction needs a connection");
    }
    try {
        // SOCI declares SQLite's header in a namespace of its own.
        return publish(reinterpret_cast<sqlite_api::sqlite3*>(connection), publication,
                       std::string(schema), keys);
    } catch (const std::exception&) {
        return Error(Errc::unavailable, "out of memory");
    }
}

}  // namespace
}  // namespace storage

Result<PublishReceipt> publish_in_transaction(::sqlite3* connection, const Publication& publication,
                                              std::string_view schema) {
    return storage::publish_on(connection, publication, schema, nullptr);
}

Result<PublishReceipt> publish_in_transaction(::sqlite3* connection, const Publication& publication,
                                              KeyProvider& keys, std::string_view schema) {
    return storage::publish_on(connection, publication, schema, &keys);
}

}  // namespace webhooks
