#pragma once

#include <soci/soci.h>

#include <storage/append_decision.hpp>
#include <storage/sql/exchange.hpp>
#include <vector>
#include <webhooks/storage.hpp>

namespace webhooks::storage {

/// The statements that write the log, prepared once. All run in the caller's transaction and throw
/// what SOCI throws.
class SqliteLogWriter {
public:
    explicit SqliteLogWriter(soci::session& sql);

    SqliteLogWriter(const SqliteLogWriter&) = delete;
    SqliteLogWriter& operator=(const SqliteLogWriter&) = delete;

    /// @param first_event the first of the ids that are free.
    std::vector<Result<Appended>> append(const std::vector<Append>& appends, const Worker& worker,
                                         Time now, EventId first_event);
    /// Passes over an event that the worker does not hold.
    void record(const AttemptRecord& record, WorkerId worker);
    /// As `record`.
    void park(const Park& park, WorkerId worker);

    /// What is due, marked as the worker's.
    std::vector<HeldEvent> claim(WorkerId worker, Time now, std::size_t limit, std::int64_t number);
    std::vector<HeldEvent> claim_deferred(WorkerId worker, SubscriptionId subscription,
                                          std::size_t limit, std::int64_t number);
    std::vector<HeldEvent> appended_after(WorkerId worker, EventId after, std::size_t limit);
    /// When the earliest unclaimed event is due.
    std::optional<Time> next_due();

    /// Makes free what a dead worker held. @return how many events, at most `limit`; `low_water`
    /// goes up to where the search ended.
    std::size_t hand_back(WorkerId dead, EventId& low_water, Time now, std::size_t limit);

private:
    struct InsertMessage {
        explicit InsertMessage(soci::session& sql);
        long long id = 0;
        long long event_count = 0;
        std::string event_type;
        std::string content_type;
        std::string payload;
        Nullable<long long> expires_at;
        soci::statement statement;
    };
    struct InsertEvent {
        explicit InsertEvent(soci::session& sql);
        long long id = 0;
        long long subscription_id = 0;
        long long message_id = 0;
        long long worker_id = 0;
        long long worker_tag = 0;
        long long created_at = 0;
        soci::statement statement;
    };
    struct InsertAttempt {
        explicit InsertAttempt(soci::session& sql);
        long long event_id = 0;
        int number = 0;
        long long sent_at = 0;
        long long duration_us = 0;
        Nullable<int> status_code;
        Nullable<std::string> response;
        Nullable<std::string> error_message;
        int outcome = 0;
        long long self = 0;
        soci::statement statement;
    };
    struct FindHeld {
        explicit FindHeld(soci::session& sql);
        long long event_id = 0;
        long long self = 0;
        int found = 0;
        soci::statement statement;
    };
    struct PutRow {
        explicit PutRow(soci::session& sql);
        long long subscription_id = 0;
        long long event_id = 0;
        Nullable<long long> due_at;
        int attempts = 0;
        int tries = 0;
        long long claimed_by = 0;
        int is_deferred = 0;
        soci::statement statement;
    };
    struct DeleteRow {
        explicit DeleteRow(soci::session& sql);
        long long subscription_id = 0;
        long long event_id = 0;
        soci::statement statement;
    };
    /// A row among what is not delivered.
    struct Row {
        SubscriptionId subscription{};
        EventId event{};
        std::optional<Time> due = {};  ///< Absent: it has ended.
        int attempts = 0;
        int tries = 0;
        WorkerId claimed_by{};
        bool is_deferred = false;
    };

    std::optional<Earlier> find_earlier(const IdempotencyKey& key, Time now);
    void write(const Append& append, const Appended& place, const Worker& worker, Time now);
    void remember(const IdempotencyKey& key, const Appended& appended, Time now);
    bool holds(WorkerId worker, EventId event);
    void put_row(const Row& row);
    std::vector<HeldEvent> select_held(soci::statement& query, const std::string& text);

    soci::session& sql_;
    InsertMessage insert_message_;
    InsertEvent insert_event_;
    InsertAttempt insert_attempt_;
    FindHeld find_held_;
    PutRow put_row_;
    DeleteRow delete_row_;
};

}  // namespace webhooks::storage
