#include <webhooks/overview.hpp>

namespace webhooks {

WorkerTotals totals_of(const std::vector<WorkerState>& workers) {
    WorkerTotals totals;
    for (const WorkerState& worker : workers) {
        if (!worker.is_live || !worker.report) continue;
        const WorkerReport& report = *worker.report;
        totals.in_flight += report.in_flight;
        totals.in_memory += report.in_memory;
        totals.per_second.published += report.per_second.published;
        totals.per_second.attempts += report.per_second.attempts;
        totals.per_second.delivered += report.per_second.delivered;
        totals.per_second.failed += report.per_second.failed;
    }
    return totals;
}

}  // namespace webhooks
