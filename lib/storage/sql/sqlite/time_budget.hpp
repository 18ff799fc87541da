#pragma once

#include <soci/soci.h>

#include <chrono>

namespace webhooks::storage {

/// While it exists, statements of a connection end with SQLITE_INTERRUPT once the time has run out.
class TimeBudget {
public:
    TimeBudget(soci::session& sql, std::chrono::milliseconds budget);
    ~TimeBudget();

    TimeBudget(const TimeBudget&) = delete;
    TimeBudget& operator=(const TimeBudget&) = delete;

private:
    static int is_used_up(void* budget);

    soci::session& sql_;
    const std::chrono::steady_clock::time_point end_;
};

}  // namespace webhooks::storage
