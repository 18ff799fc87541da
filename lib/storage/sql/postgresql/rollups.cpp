#include <storage/rollup_counts.hpp>
#include <storage/sql/exchange.hpp>
#include <storage/sql/postgresql/array.hpp>
#include <storage/sql/postgresql/rollups.hpp>
#include <storage/sql/rollup_table.hpp>

namespace webhooks::storage {
namespace {

/// Each row has its own key, so the order of the rows does not matter: no other worker has them.
const PreparedStatement& statement() {
    static const PreparedStatement insert = [] {
        std::string counts;
        for (std::size_t i = 0; i < count_columns.size(); ++i) {
            counts += ", unnest($" + std::to_string(i + 5) + "::bigint[])";
        }
        return PreparedStatement{
            "add_rollups", adding_to_rollups("SELECT unnest($3::bigint[]), unnest($4::bigint[]), "
                                             "$2::bigint, $1::bigint" +
                                             counts)};
    }();
    return insert;
}

}  // namespace

void send_rollups(PostgresqlConnection& connection, WorkerId worker,
                  const std::vector<Rollup>& rollups) {
    if (rollups.empty()) return;
    using Element = PostgresqlArray::Element;
    PostgresqlArray subscriptions(Element::bigint);
    PostgresqlArray starts(Element::bigint);
    std::vector<PostgresqlArray> counts(count_columns.size(), PostgresqlArray(Element::bigint));
    for (const Rollup& rollup : rollups) {
        subscriptions.add(rollup.subscription.value);
        starts.add(to_micros(rollup.bucket.start));
        std::size_t i = 0;
        for_each_count(rollup.bucket.counts, [&](std::int64_t count) { counts[i++].add(count); });
    }
    std::vector<Parameter> parameters = {
        parameter(worker.value),
        parameter(static_cast<std::int64_t>(std::chrono::seconds(rollup_width).count())),
        subscriptions.take(), starts.take()};
    for (PostgresqlArray& column : counts) {
        parameters.push_back(column.take());
    }
    connection.send(statement(), parameters);
}

}  // namespace webhooks::storage
