#pragma once

#include <soci/soci.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <storage/sql/sqlite/statement.hpp>
#include <vector>
#include <webhooks/storage/delivery_log.hpp>

namespace webhooks::storage {

/// Reads back events that wait in the log, and marks whose they are: statements that are prepared
/// once. All run in the caller's transaction and throw what SOCI throws.
class SqliteClaims {
public:
    explicit SqliteClaims(soci::session& sql);

    /// Due events, marked as the worker's, and what it holds behind them.
    Claim claim(WorkerId worker, Time now, ClaimLimit limit, std::int64_t number);
    std::vector<HeldEvent> claim_reserved(WorkerId worker, SubscriptionId subscription,
                                          std::size_t limit, std::int64_t number);
    std::vector<HeldEvent> appended_after(WorkerId worker, EventId after, std::size_t limit);
    /// When the earliest unclaimed event is due.
    std::optional<Time> next_due();

private:
    /// @param limit its number of events is the last of the values, too
    template <class... Values>
    std::vector<HeldEvent> read_held(SqliteStatement& select, ClaimLimit limit,
                                     const Values&... values);
    std::shared_ptr<const Message> read_message(std::int64_t id);
    std::vector<HeldEvent> claim_behind(WorkerId worker, Time now, ClaimLimit limit,
                                        std::int64_t number, const std::vector<HeldEvent>& leaders);
    void mark(WorkerId worker, std::int64_t number, const std::vector<HeldEvent>& events);

    soci::session& sql_;
    SqliteStatement select_due_;
    SqliteStatement select_behind_;
    SqliteStatement hold_;
    SqliteStatement select_reserved_;
    SqliteStatement select_appended_;
    SqliteStatement select_message_;
    SqliteStatement mark_;
};

}  // namespace webhooks::storage
