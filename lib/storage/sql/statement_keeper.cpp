#include <ios>
#include <storage/sql/statement_keeper.hpp>

namespace webhooks::storage {
namespace {

/// A session has no place for data of its user, but its stream has.
void*& place_in(soci::session& sql) {
    static const int index = std::ios_base::xalloc();
    return sql.get_query_stream().pword(index);
}

}  // namespace

void set_keeper(soci::session& sql, StatementKeeper& keeper) {
    place_in(sql) = &keeper;
}

StatementKeeper* keeper_of(soci::session& sql) {
    return static_cast<StatementKeeper*>(place_in(sql));
}

}  // namespace webhooks::storage
