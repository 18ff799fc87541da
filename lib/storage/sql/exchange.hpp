#pragma once

/// @file
/// Conversion of values between C++ and SQL.

#include <soci/soci.h>

#include <optional>
#include <string>
#include <webhooks/time.hpp>

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
inline std::optional<Time> from_micros(const std::optional<long long>& micros) {
    return micros ? std::optional(from_micros(*micros)) : std::nullopt;
}

/// A nullable column. SOCI receives its value and its indicator together.
template <class T>
struct Nullable {
    T value{};
    soci::indicator indicator = soci::i_null;

    template <class Source>
    void set(const std::optional<Source>& source) {
        indicator = source ? soci::i_ok : soci::i_null;
        if (source) value = *source;
    }

    std::optional<T> get() const {
        return indicator == soci::i_ok ? std::optional<T>(value) : std::nullopt;
    }
};

/// Executes a statement whose variables are bound, and calls `on_row` for each row fetched into
/// them.
template <class OnRow>
void for_each_row(soci::statement& query, const std::string& text, OnRow on_row) {
    query.alloc();
    // One-time: preparing and deallocating would take two more round trips to PostgreSQL.
    query.prepare(text, soci::details::st_one_time_query);
    query.define_and_bind();
    query.execute(false);
    while (query.fetch()) {
        on_row();
    }
}

}  // namespace webhooks::storage
