#pragma once

#include <chrono>
#include <memory>
#include <webhooks/clock.hpp>
#include <webhooks/export.hpp>
#include <webhooks/storage.hpp>

namespace WEBHOOKS_EXPORT webhooks {

/// A storage in this process's memory. It keeps every promise of `Storage` but to outlive the
/// process. Several services may share one.
/// @param clock Storage's time; absent: the machine's.
/// @param query_timeout How long a list query may take before it ends with `timed_out`.
std::shared_ptr<Storage> make_memory_storage(
    std::shared_ptr<Clock> clock = {},
    std::chrono::milliseconds query_timeout = std::chrono::seconds(5));

}  // namespace webhooks
