#pragma once

#include <chrono>

namespace webhooks::storage {

/// Longer than any worker lives without hearing them.
inline constexpr std::chrono::hours notice_lifetime{24};

}  // namespace webhooks::storage
