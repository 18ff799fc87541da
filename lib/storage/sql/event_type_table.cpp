#include <storage/sql/event_type_table.hpp>

#include <storage/sql/exchange.hpp>

namespace webhooks::storage {
namespace {

using soci::into;
using soci::use;

/// A row of webhooks_event_type, whose columns statements read into it and write from it.
struct EventTypeRow {
    EventType type;
    std::optional<Time> deprecated_at;
    std::string successor;
    std::string note;

    EventTypeRow() = default;
    explicit EventTypeRow(const EventType& stored) : type(stored) {
        if (!stored.deprecation) return;
        deprecated_at = stored.deprecation->since;
        successor = stored.deprecation->successor;
        note = stored.deprecation->note;
    }

    EventType to_type() const {
        EventType read = type;
        if (deprecated_at) {
            Deprecation deprecation;
            deprecation.since = *deprecated_at;
            deprecation.successor = successor;
            deprecation.note = note;
            read.deprecation = std::move(deprecation);
        }
        return read;
    }
};

/// The columns and their variables. The only list of them.
template <class Row, class Visit>
void for_each_column(Row& row, Visit visit) {
    visit("name", row.type.name);
    visit("description", row.type.description);
    visit("type_group", row.type.group);
    visit("json_schema", row.type.schema);
    visit("example", row.type.example);
    visit("deprecated_at", row.deprecated_at);
    visit("successor", row.successor);
    visit("note", row.note);
    visit("retired_at", row.type.retired_at);
    visit("created_at", row.type.created_at);
    visit("updated_at", row.type.updated_at);
    visit("revision", row.type.revision);
}

/// Selects in order of the names. @param variable of the condition; null if it has none.
template <class Variable>
std::vector<EventType> select_where(soci::session& sql, const std::string& condition,
                                    const Variable& variable, const char* name) {
    EventTypeRow row;
    std::vector<EventType> types;
    std::string columns;
    soci::statement query(sql);
    for_each_column(row, [&](const char* column, auto& value) {
        columns.append(columns.empty() ? "" : ", ").append(column);
        query.exchange(into(value));
    });
    query.exchange(use(variable, name));
    for_each_row(
        query,
        "SELECT " + columns + " FROM webhooks_event_type WHERE " + condition + " ORDER BY name",
        [&] { types.push_back(row.to_type()); });
    return types;
}

}  // namespace

std::optional<EventType> find_event_type(soci::session& sql, const std::string& name) {
    std::vector<EventType> found = select_where(sql, "name = :name", name, "name");
    if (found.empty()) return std::nullopt;
    return std::move(found.front());
}

std::vector<EventType> list_event_types(soci::session& sql, Revision since) {
    return select_where(sql, "revision > :since", since, "since");
}

void write_event_type(soci::session& sql, const EventType& type) {
    const EventTypeRow row(type);
    std::string columns;
    std::string values;
    std::string changes;
    soci::statement upsert(sql);
    for_each_column(row, [&](const std::string& column, const auto& value) {
        const char* const comma = columns.empty() ? "" : ", ";
        columns.append(comma).append(column);
        values.append(comma).append(":").append(column);
        changes.append(comma).append(column).append(" = excluded.").append(column);
        upsert.exchange(use(value, column));
    });
    execute(upsert, "INSERT INTO webhooks_event_type (" + columns + ") VALUES (" + values +
                        ") ON CONFLICT (name) DO UPDATE SET " + changes);
}

std::size_t count_subscriptions_to(soci::session& sql, const std::string& event_type) {
    long long count = 0;
    execute(sql,
            "SELECT count(*) FROM webhooks_subscription "
            "WHERE deletion = 0 AND is_active = 1 AND event_type = :event_type",
            use(event_type, "event_type"), into(count));
    return static_cast<std::size_t>(count);
}

}  // namespace webhooks::storage
