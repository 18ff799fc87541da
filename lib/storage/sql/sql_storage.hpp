#pragma once

#include <soci/soci.h>

#include <functional>
#include <mutex>
#include <optional>
#include <query/budget.hpp>
#include <query/plan.hpp>
#include <set>
#include <span>
#include <stop_token>
#include <storage/operational_listener.hpp>
#include <storage/retention_cursor.hpp>
#include <storage/sql/condition_sql.hpp>
#include <storage/sql/data_key_table.hpp>
#include <storage/sql/missing_keys.hpp>
#include <storage/sql/operational_table.hpp>
#include <storage/sql/payload_keys.hpp>
#include <storage/sql/subscription_cipher.hpp>
#include <utility>
#include <webhooks/encryption.hpp>
#include <webhooks/storage.hpp>

namespace webhooks::storage {

/// The purpose of a transaction.
enum class Purpose : std::uint8_t {
    read,       ///< Reads one snapshot and writes nothing.
    survey,     ///< As `read`, for what may read whole tables, which need not stay in memory.
    query,      ///< As `read`, with the time limit of queries.
    query_log,  ///< As `query`, for events, each looked up by key.
    change,     ///< Writes.
    reopen,     ///< Writes, and makes events due: notifies workers.
    configure,  ///< Changes subscriptions or event types; only one at a time. Notifies workers.
    erase,      ///< Deletes events; only one at a time.
};

/// Whether the transaction has a time limit.
inline bool is_query(Purpose purpose) {
    return purpose == Purpose::query || purpose == Purpose::query_log;
}
inline bool is_reading(Purpose purpose) {
    return purpose == Purpose::read || purpose == Purpose::survey || is_query(purpose);
}

/// The part of a storage that all SQL databases share: everything except workers and how they write
/// the log. Derived classes supply connections, transactions, errors and time.
class SqlStorage : public Storage {
public:
    Result<Subscription> insert_subscription(const Principal& by, const Subscription&) override;
    Result<Subscription> find_subscription(const Principal&, SubscriptionId) override;
    Result<Subscription> update_subscription(const Principal&, SubscriptionId,
                                             const SubscriptionChange&) override;
    Result<Subscription> rotate_secret(const Principal&, SubscriptionId, const Secret&,
                                       std::chrono::seconds overlap) override;
    Result<> delete_subscription(const Principal&, SubscriptionId) override;
    Result<Page<Subscription>> list_subscriptions(const Principal&, const ListQuery&) override;
    Result<> upsert_event_type(const EventType&) override;
    Result<EventType> replace_event_type(const Principal& by, const EventType&) override;
    Result<> retire_event_type(const Principal& by, const std::string& name, bool force) override;
    Result<Configuration> configuration(Revision since) override;
    Result<std::vector<Notice>> notices(std::int64_t after) override;

    Result<Page<Event>> list_events(const Principal&, SubscriptionId, const ListQuery&) override;
    Result<Page<Event>> list_all_events(const Principal&, const ListQuery&) override;
    Result<EventHistory> find_event(const Principal&, SubscriptionId, EventId) override;
    Result<EventHistory> find_any_event(const Principal&, EventId,
                                        std::optional<std::uint64_t> worker_tag) override;
    Result<> delete_event(const Principal&, SubscriptionId, EventId) override;
    Result<FeedRows> read_feed(const Principal&, SubscriptionId, const FeedRequest&) override;
    Result<std::vector<FeedChange>> feed_changes(const std::vector<FeedWatch>&) override;
    Result<DeliveryStatistics> statistics(const Principal&, SubscriptionId,
                                          std::stop_token stop) override;
    Result<SeriesRows> series(const Principal&, const SeriesScope&, const SeriesRange&) override;
    Result<> reopen_event(const Principal&, SubscriptionId, EventId) override;
    Result<Reopened> reopen_undelivered(const Principal&, SubscriptionId, const CreationPeriod&,
                                        EventId after, std::size_t limit) override;
    Result<std::size_t> count_undelivered(const Principal&, SubscriptionId,
                                          const CreationPeriod&) override;
    Result<bool> maintain(const Maintenance&) override;
    void set_operational_listener(std::function<void(const OperationalEvent&)> listener) override;
    Result<> append_due_operational(std::chrono::seconds exhausted_window,
                                    std::size_t limit) override;
    Result<StorageSample> sample() override;
    Result<Overview> overview() override;
    Result<std::vector<UserSummary>> users(const std::string& after, std::size_t limit) override;
    Result<std::size_t> rewrap_data_keys(const Principal& by) override;
    Result<std::size_t> shred_user(const Principal& by, const std::string& user_id) override;

    Result<ApiKeyRecord> insert_api_key(const Principal& by, const ApiKeyRecord&) override;
    Result<std::optional<ApiKeyRecord>> find_api_key(std::string_view hash) override;
    Result<std::vector<ApiKeyRecord>> list_api_keys() override;
    Result<> delete_api_key(const Principal& by, ApiKeyId) override;
    Result<> note_api_key_use(ApiKeyId, Time) override;

    Result<PortalSessionRecord> insert_portal_session(const Principal& by,
                                                      const PortalSessionRecord&) override;
    Result<std::optional<PortalSessionRecord>> redeem_portal_code(std::string_view code_hash,
                                                                  std::string_view token_hash,
                                                                  Time now,
                                                                  const Origin& from) override;
    Result<std::optional<PortalSessionRecord>> find_portal_session(
        std::string_view token_hash) override;
    Result<> delete_portal_session(const Principal& by, PortalSessionId) override;
    Result<std::size_t> delete_portal_sessions(const Principal& by,
                                               const std::string& user_id) override;

    Result<Page<AuditRecord>> list_audit(const Principal&, const ListQuery&) override;

protected:
    /// @return whether to commit the transaction. May throw what SOCI throws.
    using Body = std::function<bool(soci::session&)>;

    SqlStorage(const Dialect& dialect, EncryptionOptions encryption)
        : dialect_(dialect), encryption_(std::move(encryption)) {}

    /// Reads the database's data key, which it creates first if there is none, then converts the
    /// secrets that are not stored as the options say, and prepares for encrypted payloads. Called
    /// once, before anything else.
    /// @return how many subscriptions were converted.
    Result<std::size_t> open_secrets();

    /// Runs a body in a transaction. Throws nothing.
    /// @param stop if requested, a query may end.
    /// @return why it could not be run or committed; `query::timed_out()` if the time of a query
    /// has run out.
    virtual Result<> in_transaction(Purpose purpose, const std::stop_token& stop,
                                    const Body& body) = 0;
    /// Storage's time, in a transaction.
    virtual Time now(soci::session& sql) = 0;
    /// Reserves ids in a transaction that holds the lock of changes of subscriptions.
    virtual NewEventIds reserve_event_ids(soci::session& sql, std::size_t count) = 0;
    /// If events can become visible out of the order of their ids: the id up to which none can
    /// appear any more in a transaction that begins after this call.
    virtual Result<std::optional<EventId>> last_settled_event() { return std::nullopt; }

    /// The newest id that an event has or had.
    virtual EventId newest_event(soci::session& sql) = 0;

    /// A condition on a row of webhooks_worker: its lease has expired at time `:now`.
    virtual const char* worker_has_expired() const = 0;
    /// When the worker of such a row was heard of last, in microseconds; 0: just now.
    virtual const char* worker_heartbeat() const = 0;
    virtual StorageInfo info(soci::session& sql) = 0;

    /// Deletes old events, as documented for `maintain`, in a transaction that has no other work
    /// left.
    /// @return the number of examined rows; `limit` if there may be more.
    virtual std::size_t expire(soci::session& sql, Time now, const Maintenance& maintenance,
                               RetentionCursor& cursor);
    /// Indexes up to `limit` events that have not been indexed. @return whether to go on soon
    virtual bool index_events(soci::session& /*sql*/, std::size_t /*limit*/) { return false; }

    /// As `in_transaction`, for a body that returns a Result: it is committed unless it failed.
    template <class Answering>
    auto run(Purpose purpose, Answering body, const std::stop_token& stop = {}) {
        using Answer = decltype(body(std::declval<soci::session&>()));
        std::optional<Answer> answer;
        const Result<> done = in_transaction(purpose, stop, [&](soci::session& sql) {
            answer.emplace(body(sql));
            return answer->has_value();
        });
        return done ? *std::move(answer) : Answer(done.error());
    }

    /// Calls `body(OperationalWriter&)` in a transaction, and keeps what it wrote in `written`.
    template <class Body>
    auto with_operational(soci::session& sql, std::chrono::seconds exhausted_window, Time now,
                          std::vector<OperationalEvent>& written, Body body) {
        SqlOperationalTable table(sql, [this](soci::session& same, std::size_t count) {
            return reserve_event_ids(same, count);
        });
        OperationalWriter writer(table, exhausted_window, now);
        auto answer = body(writer);
        written = writer.take_events();
        return answer;
    }
    /// The listener hears of what was committed.
    void report(const std::vector<OperationalEvent>& events) { operational_.report(events); }

    bool encrypts_payloads() const noexcept { return encryption_.keys && encryption_.payloads; }
    /// The batch as it is stored. @param room for a changed copy. @return `batch`, or `room`.
    const Batch& sealed(const Batch& batch, Batch& room);
    /// Decrypts the messages. The state of one that cannot be decrypted says why.
    Result<std::vector<HeldEvent>> opened(Result<std::vector<HeldEvent>> events);
    Result<Claim> opened(Result<Claim> claim);
    /// Decrypts with the keys in memory: no key may be obtained inside a transaction. Without its
    /// key the message is locked, and the key is added to `missing`.
    Message open_known(const Message& stored, std::set<std::int64_t>& missing) const;
    /// Obtains keys for `open_known`. Those that were asked for a moment ago are left out. Called
    /// by one thread at a time. @return whether it has more of them now
    bool obtain_keys(const std::set<std::int64_t>& missing, SteadyTime now);

private:
    /// As `run` with Purpose::configure, for changes of which subscribers hear:
    /// `body(soci::session&, OperationalWriter&)`.
    template <class Answering>
    auto run_operational(std::chrono::seconds exhausted_window, Answering body);
    /// As above, for one visible subscription.
    template <class Answering>
    auto change_visible(const Principal& principal, SubscriptionId id, Answering body);
    /// As `run`, for one visible subscription: `body(soci::session&, Subscription&)`.
    template <class Answering>
    auto run_visible(Purpose purpose, const Principal& principal, SubscriptionId id, Answering body,
                     const std::stop_token& stop = {});
    /// Writes a subscription whose secrets are in plain text. @return the same.
    Result<Subscription> update(soci::session& sql, const Subscription& changed);
    Result<std::vector<DataKeyRow>> read_settings_keys();
    Result<> make_settings_key();
    /// @param failed gets why, for each that cannot be decrypted.
    Result<std::size_t> rewrap(const Principal& by, const std::vector<DataKeyRow>& rows,
                               EncryptionKeys& keys, std::vector<Error>& failed);
    Result<> load_data_keys();
    Result<std::size_t> convert_secrets();
    Result<> open_payloads();
    /// @return invalid_argument also if events are compared by what is encrypted.
    Result<query::Plan> plan_events(const ListQuery& list) const;
    /// The user's newest key after `after` that may encrypt. @return null if there is none.
    Result<PayloadKeyPtr> read_payload_key(const std::string& user, std::int64_t after,
                                           EncryptionKeys& keys);
    Result<PayloadKeyPtr> make_payload_key(const std::string& user, EncryptionKeys& keys);
    KeysByUser encryption_keys(const std::set<std::string>& users);
    KeysById decryption_keys(std::set<std::int64_t> ids);
    /// @return unavailable if a key cannot be obtained now.
    Result<> open(std::span<Event* const> events);
    void open(std::vector<HeldEvent>& events);
    Result<Page<Event>> opened(Result<Page<Event>> page);
    Result<Page<Subscription>> opened(Result<Page<Subscription>> page);
    Result<EventHistory> opened(Result<EventHistory> history);
    static bool continues(const query::Plan& plan);
    /// `last_settled_event`, if the list needs it.
    Result<std::optional<EventId>> settled_for(const query::Plan& plan);
    /// The last event that a list may show, if there is such a limit.
    /// @param user whose events are listed; absent: all users'
    std::optional<EventId> last_shown(soci::session& sql, const query::Plan& plan,
                                      const std::optional<EventId>& settled,
                                      const std::optional<std::string>& user);

    const Dialect& dialect_;
    const EncryptionOptions encryption_;
    SubscriptionCipher cipher_;
    Secret settings_key_;  ///< The data key of secrets; empty without encryption keys.
    PayloadKeys payload_keys_;
    MissingKeys missing_keys_;
    bool has_encrypted_payloads_ = false;  ///< Or may have: decided when the storage was opened.
    std::mutex retention_mutex_;
    RetentionCursor retention_;
    OperationalListener operational_;
};

}  // namespace webhooks::storage
