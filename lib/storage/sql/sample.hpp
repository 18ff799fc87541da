#pragma once

#include <soci/soci.h>

#include <webhooks/storage/operator_view.hpp>

namespace webhooks::storage {

/// Counts what `Storage::sample` answers.
/// @param worker_has_expired a condition on a row of webhooks_worker with `:now`.
StorageSample read_sample(soci::session& sql, Time now, const char* worker_has_expired);

}  // namespace webhooks::storage
