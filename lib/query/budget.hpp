#pragma once

#include <chrono>
#include <stop_token>
#include <webhooks/error.hpp>

namespace webhooks::query {

/// The limits of a query.
struct Budget {
    std::chrono::steady_clock::time_point end = std::chrono::steady_clock::time_point::max();
    std::stop_token stop = {};  ///< Requested: its caller has gone.

    bool is_used_up() const noexcept {
        return stop.stop_requested() || std::chrono::steady_clock::now() >= end;
    }
};

/// The error of a list query or statistics whose budget is used up.
inline Error timed_out() {
    return {Errc::timed_out,
            "The query took too long. Narrow it: compare `id` or `createdAt` with a bound, drop "
            "conditions on `payload` and `response`, or page with `after` instead of `skip`."};
}

}  // namespace webhooks::query
