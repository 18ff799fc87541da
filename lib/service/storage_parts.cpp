#include <service/storage_parts.hpp>

namespace webhooks::service {

StorageParts::StorageParts(const Shared& shared)
    : clock(shared.clock),
      health(shared.clock, shared.observer),
      pending(shared.options, shared.budget, shared.on_change),
      feeds([this] { pending.request(StorageRequest::feeds); }),
      identity(shared.storage, shared.options.lease, clock, health),
      changes(shared.storage, shared.index, shared.inbox, health),
      counters(clock, shared.metrics, shared.budget, shared.observer),
      claimer({.storage = shared.storage,
               .clock = clock,
               .health = health,
               .identity = identity,
               .changes = changes,
               .index = shared.index,
               .inbox = shared.inbox,
               .counters = counters,
               .feeds = feeds,
               .budget = shared.budget}),
      writer({.storage = shared.storage,
              .observer = shared.observer,
              .clock = clock,
              .health = health,
              .identity = identity,
              .changes = changes,
              .index = shared.index,
              .inbox = shared.inbox,
              .claimer = claimer,
              .feeds = feeds,
              .pending = pending,
              .counters = counters,
              .budget = shared.budget,
              .max_events_per_commit = shared.options.max_events_per_commit,
              .max_events_per_batch = shared.options.max_events_per_batch,
              .exhausted_window = shared.options.exhausted_notice_window}),
      maintenance(shared.storage, shared.metrics, shared.options, clock, health) {}

}  // namespace webhooks::service
