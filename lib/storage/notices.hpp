#pragma once

#include <chrono>

namespace webhooks::storage {

/// How long a notice is kept: longer than any worker lives without reading notices.
inline constexpr std::chrono::hours notice_lifetime{24};

}  // namespace webhooks::storage
