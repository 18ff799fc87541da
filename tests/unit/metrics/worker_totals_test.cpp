#include <support/catch.hpp>
#include <webhooks/overview.hpp>

namespace webhooks {

TEST_CASE("totals add what live workers report, and leave out the others") {
    const WorkerReport report{
        .host = "a",
        .version = "1",
        .in_flight = 2,
        .in_memory = 3,
        .per_second = {.published = 4, .attempts = 5, .delivered = 6, .failed = 7}};
    const std::vector<WorkerState> workers = {{.id = {1}, .is_live = true, .report = report},
                                              {.id = {2}, .is_live = false, .report = report},
                                              {.id = {3}, .is_live = true},
                                              {.id = {4}, .is_live = true, .report = report}};
    CHECK(totals_of(workers) ==
          WorkerTotals{
              .in_flight = 4,
              .in_memory = 6,
              .per_second = {.published = 8, .attempts = 10, .delivered = 12, .failed = 14}});
    CHECK(totals_of({}) == WorkerTotals{});
}

}  // namespace webhooks
