#pragma once

#include <memory>
#include <webhooks/clock.hpp>
#include <webhooks/export.hpp>
#include <webhooks/random.hpp>
#include <webhooks/storage.hpp>

namespace WEBHOOKS_EXPORT webhooks {

/// A storage in this process's memory. It keeps every promise of `Storage` but to outlive the
/// process. Several services may share one.
/// @param clock Storage's time; absent: the machine's.
/// @param random of the tags of workers; absent: the machine's.
std::shared_ptr<Storage> make_memory_storage(std::shared_ptr<Clock> clock = {},
                                             std::shared_ptr<Random> random = {});

}  // namespace webhooks
