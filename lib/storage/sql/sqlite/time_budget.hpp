#pragma once

#include <soci/soci.h>

#include <query/budget.hpp>

namespace webhooks::storage {

/// While it exists, statements of a connection end with SQLITE_INTERRUPT once the budget is used
/// up.
class TimeBudget {
public:
    TimeBudget(soci::session& sql, query::Budget budget);
    ~TimeBudget();

    TimeBudget(const TimeBudget&) = delete;
    TimeBudget& operator=(const TimeBudget&) = delete;

private:
    static int is_used_up(void* budget);

    soci::session& sql_;
    const query::Budget budget_;
};

}  // namespace webhooks::storage
