#pragma once

namespace webhooks {

/// Of the process that calls: another one after a fork.
long process_id() noexcept;

}  // namespace webhooks
