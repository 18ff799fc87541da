#pragma once

#include <chrono>

namespace webhooks::storage {

/// How long repetitions of a publication are recognized (`Publication::idempotency_key`).
inline constexpr std::chrono::hours idempotency_lifetime{24};

}  // namespace webhooks::storage
