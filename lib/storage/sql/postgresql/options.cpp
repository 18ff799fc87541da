#include <algorithm>
#include <base/ranges.hpp>
#include <storage/sql/postgresql/connection.hpp>
#include <webhooks/postgresql_storage.hpp>

namespace webhooks {

Result<> PostgresqlOptions::validate() const {
    using namespace std::chrono_literals;
    RangeCheck check;
    if (!storage::connection_uri(*this)) {
        check.error("connection",
                    "must be a URI as postgresql://user:password@host/database, or keyword=value "
                    "pairs, as libpq documents them; in a URI '@', '/' and ':' within a name or "
                    "password are written %40, %2F and %3A");
    }
    const auto is_lower = [](char c) { return (c >= 'a' && c <= 'z') || c == '_'; };
    const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
    if (schema.empty() || schema.size() > 63 || is_digit(schema.front()) ||
        !std::ranges::all_of(schema, [&](char c) { return is_lower(c) || is_digit(c); })) {
        check.error("schema", "must be 1-63 of a-z, 0-9 and _, not beginning with a digit");
    }
    if (application_name.empty() || application_name.size() > 63 ||
        !std::ranges::all_of(application_name, [](char c) { return c >= ' ' && c <= '~'; })) {
        check.error("application_name", "must be 1-63 printable ASCII characters");
    }
    check.in("connections", connections, 1, 1000, "");
    check.in("connect_timeout", connect_timeout, 2s, 10min);
    check.in("tcp_user_timeout", tcp_user_timeout, 1s, 10min);
    check.in("statement_timeout", statement_timeout, 100ms, 1h);
    check.in("query_timeout", query_timeout, 1ms, 1h);
    check.in("lock_timeout", lock_timeout, 100ms, 1h);
    check.in("answer_timeout", answer_timeout, 1s, 10min);
    return check.result();
}

}  // namespace webhooks
