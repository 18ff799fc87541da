#include <soci/sqlite3/soci-sqlite3.h>

#include <algorithm>
#include <storage/sql/sqlite/connection.hpp>
#include <storage/sql/sqlite/event_indexer.hpp>

namespace webhooks::storage {
namespace {

/// The more events, the more of them share a page of the index; and the more does each reader look
/// through.
constexpr std::int64_t range_length = 16'384;
/// So few events that readers can look through them until the next maintenance.
constexpr std::int64_t few = 1000;
/// In each transaction that writes the log.
constexpr std::size_t min_share = 500;

}  // namespace

SqliteEventIndexer::SqliteEventIndexer(soci::session& writer)
    : writer_(writer),
      read_state_(writer, "SELECT last_event_id, indexed_to FROM webhooks_state"),
      read_events_(writer,
                   "SELECT subscription_id, id FROM webhooks_event WHERE id > ? AND id <= ?"),
      // If it has been deleted meanwhile, there is nothing to insert.
      insert_(writer,
              "INSERT OR IGNORE INTO webhooks_event_index "
              "(subscription_id, id, created_at, message_id, worker_id) "
              "SELECT subscription_id, id, created_at, message_id, worker_id "
              "FROM webhooks_event WHERE id = ?"),
      finish_(writer, "UPDATE webhooks_state SET indexed_to = ?") {
    sqlite_api::sqlite3_rollback_hook(
        handle(writer), [](void* self) { static_cast<SqliteEventIndexer*>(self)->range_.reset(); },
        this);
}

SqliteEventIndexer::~SqliteEventIndexer() {
    sqlite_api::sqlite3_rollback_hook(handle(writer_), nullptr, nullptr);
}

SqliteEventIndexer::State SqliteEventIndexer::read_state() {
    State state;
    read_state_.find([&](const SqliteRow& row) {
        state = {.last_event = {row.number(0)}, .indexed_to = {row.number(1)}};
    });
    return state;
}

std::int64_t SqliteEventIndexer::waiting(const State& state) {
    return state.last_event.value - state.indexed_to.value;
}

void SqliteEventIndexer::follow() {
    State state = read_state();
    const EventId last_seen = last_seen_.value_or(state.last_event);
    // Fewer than none after a transaction that was rolled back.
    const auto appended = static_cast<std::size_t>(
        std::max(state.last_event.value - last_seen.value, std::int64_t{0}));
    last_seen_ = state.last_event;
    index(state, range_length, std::max(min_share, 2 * appended));
}

bool SqliteEventIndexer::catch_up(std::size_t limit) {
    State state = read_state();
    index(state, 1, limit);
    return waiting(state) >= (range_ ? few : range_length);
}

void SqliteEventIndexer::index(State& state, std::int64_t shortest, std::size_t limit) {
    if (range_ && range_->after != state.indexed_to) range_.reset();
    while (limit > 0 && (range_ || waiting(state) >= shortest)) {
        if (!range_) range_ = read_range(state);
        const std::size_t count = std::min(limit, range_->events.size() - range_->done);
        for (std::size_t i = 0; i < count; ++i) {
            add(range_->events[range_->done++].second);
        }
        limit -= count;
        if (range_->done < range_->events.size()) return;
        state.indexed_to = range_->last;
        finish_.execute(state.indexed_to);
        range_.reset();
    }
}

SqliteEventIndexer::Range SqliteEventIndexer::read_range(const State& state) {
    Range range{.after = state.indexed_to,
                .last = {std::min(state.last_event.value, state.indexed_to.value + range_length)}};
    read_events_.for_each(
        [&](const SqliteRow& row) {
            range.events.emplace_back(SubscriptionId{row.number(0)}, EventId{row.number(1)});
        },
        range.after, range.last);
    std::ranges::sort(range.events);
    return range;
}

}  // namespace webhooks::storage
