#pragma once

#include <chrono>
#include <memory>
#include <webhooks/clock.hpp>
#include <webhooks/export.hpp>
#include <webhooks/random.hpp>
#include <webhooks/storage.hpp>

namespace WEBHOOKS_EXPORT webhooks {

/// A storage in this process's memory. It keeps every guarantee of `Storage`, except that its data
/// ends with the process. Several services may share one.
/// @param clock the storage's time; absent: the system clock.
/// @param query_timeout the maximum duration of a list query, which then ends with `timed_out`.
/// @param random the source of worker tags; absent: the system's.
std::shared_ptr<Storage> make_memory_storage(
    std::shared_ptr<Clock> clock = {},
    std::chrono::milliseconds query_timeout = std::chrono::seconds(5),
    std::shared_ptr<Random> random = {});

}  // namespace webhooks
