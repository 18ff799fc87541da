#include <base/bucket.hpp>
#include <storage/rollup_counts.hpp>
#include <storage/sql/exchange.hpp>
#include <storage/sql/rollup_table.hpp>

namespace webhooks::storage {
namespace {

using soci::into;
using soci::use;

/// The version of the schema that the counts came with.
constexpr int first_version = 7;
constexpr const char* key = "subscription_id, start, width, worker_id";

long long micros_of(std::chrono::seconds duration) {
    return std::chrono::microseconds(duration).count();
}

/// @param write what to write of each column
template <class Write>
std::string for_each_column(Write write) {
    std::string text;
    for (const char* const column : count_columns) {
        text += ", " + write(std::string(column));
    }
    return text;
}

std::string sums() {
    return for_each_column([](const std::string& name) { return "sum(" + name + ")"; });
}

/// The counts of a row, as SOCI reads and writes them.
struct CountRow {
    std::array<long long, count_columns.size()> values = {};

    static CountRow of(const DeliveryCounts& counts) {
        CountRow row;
        std::size_t i = 0;
        for_each_count(counts, [&](std::int64_t count) { row.values[i++] = count; });
        return row;
    }
    DeliveryCounts counts() const {
        DeliveryCounts counts;
        std::size_t i = 0;
        for_each_count(counts, [&](std::int64_t& count) { count = values[i++]; });
        return counts;
    }
};

/// The condition of a scope, and its values.
class Scope {
public:
    explicit Scope(const SeriesScope& scope)
        : subscription_(scope.subscription.value_or(SubscriptionId{})),
          user_(scope.subscription ? std::nullopt : scope.user_id) {}

    /// Counts of all are rows of their own.
    std::string condition() const {
        if (!user_) return "subscription_id = :subscription";
        return "subscription_id IN (SELECT id FROM webhooks_subscription "
               "WHERE deletion = 0 AND user_id = :owner)";
    }
    void bind(soci::statement& query) const {
        if (user_) {
            query.exchange(use(*user_, "owner"));
        } else {
            query.exchange(use(subscription_, "subscription"));
        }
    }

private:
    const SubscriptionId subscription_;
    const std::optional<std::string> user_;
};

/// Rows of one width that began before a time, oldest first.
std::string old_rows(const std::string& columns) {
    return "SELECT " + columns +
           " FROM webhooks_rollup WHERE width = :width AND start < :before "
           "ORDER BY start, subscription_id, worker_id LIMIT :take";
}

/// Executes a statement with `old_rows`. @return the number of rows that it changed.
std::size_t execute_on_old_rows(soci::session& sql, const std::string& text,
                                std::chrono::seconds width, Time before, std::size_t limit) {
    const std::int64_t seconds = width.count();
    soci::statement change(sql);
    change.exchange(use(seconds, "width"));
    change.exchange(use(before, "before"));
    change.exchange(use(limit, "take"));
    return execute(change, text);
}

std::size_t erase(soci::session& sql, std::chrono::seconds width, Time before, std::size_t limit) {
    const std::string text =
        "DELETE FROM webhooks_rollup WHERE (" + std::string(key) + ") IN (" + old_rows(key) + ")";
    return execute_on_old_rows(sql, text, width, before, limit);
}

/// No worker adds to rows that are this old, unless its storage was away for as long.
std::size_t merge(soci::session& sql, const RollupMerge& merge, Time now, std::size_t limit) {
    const Time before = bucket_of(now - merge.keep_for, merge.to);
    const std::string to = std::to_string(micros_of(merge.to));
    const std::string adding =
        adding_to_rollups("SELECT subscription_id, start / " + to + " * " + to + ", " +
                          std::to_string(merge.to.count()) + ", 0" + sums() + " FROM (" +
                          old_rows("*") + ") o WHERE true GROUP BY 1, 2");
    if (execute_on_old_rows(sql, adding, merge.from, before, limit) == 0) return 0;
    return erase(sql, merge.from, before, limit);
}

}  // namespace

std::string adding_to_rollups(const std::string& rows) {
    const auto name = [](const std::string& column) { return column; };
    const std::string additions = for_each_column([](const std::string& column) {
        return column + " = r." + column + " + excluded." + column;
    });
    return "INSERT INTO webhooks_rollup AS r (" + std::string(key) + for_each_column(name) + ") " +
           rows + " ON CONFLICT (" + key + ") DO UPDATE SET " + additions.substr(2);
}

void add_rollups(soci::session& sql, WorkerId worker, const std::vector<Rollup>& rollups) {
    if (rollups.empty()) return;
    SubscriptionId subscription;
    Time start;
    const std::int64_t width = std::chrono::seconds(rollup_width).count();
    CountRow row;
    soci::statement add(sql);
    add.exchange(use(subscription, "subscription"));
    add.exchange(use(start, "start"));
    add.exchange(use(width, "width"));
    add.exchange(use(worker, "worker"));
    for (std::size_t i = 0; i < count_columns.size(); ++i) {
        add.exchange(use(row.values[i], count_columns[i]));
    }
    add.alloc();
    add.prepare(adding_to_rollups(
        "VALUES (:subscription, :start, :width, :worker" +
        for_each_column([](const std::string& column) { return ":" + column; }) + ")"));
    add.define_and_bind();
    for (const Rollup& rollup : rollups) {
        subscription = rollup.subscription;
        start = rollup.bucket.start;
        row = CountRow::of(rollup.bucket.counts);
        add.execute(true);
    }
}

std::vector<SeriesBucket> read_rollups(soci::session& sql, const SeriesScope& given,
                                       const SeriesRange& range) {
    const Scope scope(given);
    const std::string step = std::to_string(micros_of(range.step));
    Time start;
    CountRow row;
    std::vector<SeriesBucket> buckets;
    soci::statement query(sql);
    query.exchange(into(start));
    for (long long& value : row.values) {
        query.exchange(into(value));
    }
    scope.bind(query);
    query.exchange(use(range.from, "from"));
    query.exchange(use(range.to, "to"));
    const auto sum = [](const std::string& column) {
        return "CAST(sum(" + column + ") AS BIGINT)";
    };
    for_each_row(query,
                 "SELECT start / " + step + " * " + step + for_each_column(sum) +
                     " FROM webhooks_rollup WHERE " + scope.condition() +
                     " AND start >= :from AND start < :to GROUP BY 1 ORDER BY 1",
                 [&] { buckets.push_back({.start = start, .counts = row.counts()}); });
    return buckets;
}

Time counted_since(soci::session& sql) {
    Time applied_at;
    execute(sql, "SELECT applied_at FROM webhooks_schema WHERE version = :version",
            into(applied_at), use(first_version, "version"));
    return applied_at;
}

std::size_t tend_rollups(soci::session& sql, Time now, std::size_t limit) {
    std::size_t done = 0;
    for (const RollupMerge& one : rollup_merges) {
        done += merge(sql, one, now, limit);
    }
    return done + erase(sql, std::chrono::hours(24), now - keep_days_for, limit);
}

void erase_rollups(soci::session& sql, SubscriptionId subscription) {
    execute(sql, "DELETE FROM webhooks_rollup WHERE subscription_id = :id",
            use(subscription, "id"));
}

}  // namespace webhooks::storage
