#pragma once

#include <chrono>

namespace webhooks::storage {

/// For how long the repetition of a publication is recognised (`Publication::idempotency_key`).
inline constexpr std::chrono::hours idempotency_lifetime{24};

}  // namespace webhooks::storage
