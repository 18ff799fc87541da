#pragma once

#include <string>
#include <webhooks/export.hpp>

namespace webhooks {

/// Of the calling process: changes after a fork.
WEBHOOKS_EXPORT long process_id() noexcept;

/// Of this machine, without white space; "unknown" if it has none.
std::string host_name();

}  // namespace webhooks
