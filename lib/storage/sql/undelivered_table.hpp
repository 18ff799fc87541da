#pragma once

/// @file
/// Statements on undelivered events, and on delivery statistics, for every SQL database. They run
/// in the caller's transaction and throw what SOCI throws.

#include <soci/soci.h>

#include <webhooks/storage/event_log.hpp>

namespace webhooks::storage {

/// Makes an event of a subscription due now. @pre the event exists. @return conflict while a worker
/// has it in memory.
Result<> reopen_event(soci::session& sql, SubscriptionId subscription, EventId event, Time now);

/// As `Storage::reopen_undelivered`.
Reopened reopen_undelivered(soci::session& sql, SubscriptionId subscription,
                            const CreationPeriod& period, EventId after, Time now,
                            std::size_t limit);
std::size_t count_undelivered(soci::session& sql, SubscriptionId subscription,
                              const CreationPeriod& period);

/// The part of the statistics that comes from the log.
DeliveryStatistics read_statistics(soci::session& sql, SubscriptionId subscription, Time now);

}  // namespace webhooks::storage
