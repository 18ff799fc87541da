#pragma once

namespace webhooks {

/// Of the calling process: changes after a fork.
long process_id() noexcept;

}  // namespace webhooks
