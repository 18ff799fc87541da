#pragma once

/// @file
/// Conversion of values between C++ and SQL: `soci::use` and `soci::into` take ids, times,
/// durations, booleans and outcomes, and optionals for columns that may be null.

#include <soci/soci.h>

#include <optional>
#include <storage/sql/statement_keeper.hpp>
#include <string>
#include <type_traits>
#include <webhooks/event.hpp>
#include <webhooks/ids.hpp>
#include <webhooks/time.hpp>

namespace soci {

template <class Tag>
struct type_conversion<webhooks::Id<Tag>> {
    using base_type = long long;
    static void from_base(base_type in, indicator, webhooks::Id<Tag>& out) { out.value = in; }
    static void to_base(webhooks::Id<Tag> in, base_type& out, indicator& is_null) {
        out = in.value;
        is_null = i_ok;
    }
};

/// As microseconds since 1970.
template <>
struct type_conversion<webhooks::Time> {
    using base_type = long long;
    static void from_base(base_type in, indicator, webhooks::Time& out) {
        out = webhooks::Time(std::chrono::microseconds(in));
    }
    static void to_base(webhooks::Time in, base_type& out, indicator& is_null) {
        out = in.time_since_epoch().count();
        is_null = i_ok;
    }
};

template <>
struct type_conversion<bool> {
    using base_type = int;
    static void from_base(base_type in, indicator, bool& out) { out = in != 0; }
    static void to_base(bool in, base_type& out, indicator& is_null) {
        out = in ? 1 : 0;
        is_null = i_ok;
    }
};

template <>
struct type_conversion<std::chrono::microseconds> {
    using base_type = long long;
    static void from_base(base_type in, indicator, std::chrono::microseconds& out) {
        out = std::chrono::microseconds(in);
    }
    static void to_base(std::chrono::microseconds in, base_type& out, indicator& is_null) {
        out = in.count();
        is_null = i_ok;
    }
};

template <>
struct type_conversion<webhooks::Outcome> {
    using base_type = int;
    static void from_base(base_type in, indicator, webhooks::Outcome& out) {
        out = static_cast<webhooks::Outcome>(in);
    }
    static void to_base(webhooks::Outcome in, base_type& out, indicator& is_null) {
        out = static_cast<int>(in);
        is_null = i_ok;
    }
};

template <class T>
struct type_conversion<std::optional<T>> {
    using base_type = typename type_conversion<T>::base_type;
    static void from_base(const base_type& in, indicator is_null, std::optional<T>& out) {
        out.reset();
        if (is_null != i_null) type_conversion<T>::from_base(in, is_null, out.emplace());
    }
    static void to_base(const std::optional<T>& in, base_type& out, indicator& is_null) {
        is_null = i_null;
        if (in) type_conversion<T>::to_base(*in, out, is_null);
    }
};

}  // namespace soci

namespace webhooks::storage {

inline long long to_micros(Time time) {
    return time.time_since_epoch().count();
}
inline Time from_micros(long long micros) {
    return Time(std::chrono::microseconds(micros));
}

inline std::optional<long long> to_micros(const std::optional<Time>& time) {
    return time ? std::optional(to_micros(*time)) : std::nullopt;
}

/// Executes a prepared statement and calls `on_row` for each row fetched into its variables. If it
/// returns false, the rest is not fetched.
template <class OnRow>
void fetch_each(soci::statement& query, OnRow on_row) {
    query.define_and_bind();
    query.execute(false);
    while (query.fetch()) {
        if constexpr (std::is_void_v<decltype(on_row())>) {
            on_row();
        } else if (!on_row()) {
            return;
        }
    }
}

/// The same for a statement whose variables are bound.
template <class OnRow>
void for_each_row(soci::statement& query, const std::string& text, OnRow on_row) {
    query.alloc();
    // One-time: preparing and deallocating would take two more round trips to PostgreSQL.
    query.prepare(text, soci::details::st_one_time_query);
    fetch_each(query, on_row);
}

/// The same for one that is executed often: on SQLite it stays prepared.
template <class OnRow>
void for_each_row(soci::session& sql, soci::statement& query, const std::string& text,
                  OnRow on_row) {
    const Prepared prepared(sql, query, text);
    fetch_each(query, on_row);
}

/// A statement with its `soci::use` and `soci::into`, to be executed. SOCI's own
/// `sql << text, use(...)` executes in a destructor: an exception while its values are built, such
/// as std::bad_alloc, would execute it half-bound, and end the process.
template <class... Values>
soci::statement prepared(soci::session& sql, soci::details::statement_type type,
                         const std::string& text, const Values&... values) {
    soci::statement statement(sql);
    (statement.exchange(values), ...);
    statement.alloc();
    statement.prepare(text, type);
    statement.define_and_bind();
    return statement;
}

/// Executes a statement once; `sql.got_data()` then tells whether there was a row.
template <class... Values>
void execute(soci::session& sql, const std::string& text, const Values&... values) {
    sql.set_got_data(
        prepared(sql, soci::details::st_one_time_query, text, values...).execute(true));
}

/// Executes a statement whose variables are bound. @return the number of rows that it changed.
inline std::size_t execute(soci::statement& change, const std::string& text) {
    change.alloc();
    change.prepare(text, soci::details::st_one_time_query);
    change.define_and_bind();
    change.execute(true);
    return static_cast<std::size_t>(change.get_affected_rows());
}

}  // namespace webhooks::storage
