#pragma once

#include <webhooks/error.hpp>
#include <webhooks/series.hpp>
#include <webhooks/storage/event_log.hpp>

namespace webhooks::service {

/// The whole buckets that a query asks for. @param now storage's time
/// @return invalid_argument that names `from` or `step`
Result<SeriesRange> series_range(const SeriesQuery& query, Time now);

/// A bucket for each step.
DeliverySeries fill(const SeriesRange& range, const SeriesRows& rows, Time now);

}  // namespace webhooks::service
