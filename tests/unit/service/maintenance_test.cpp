#include <unit/service/storage_parts.hpp>

namespace webhooks::service {
namespace {

struct MaintenanceFixture : StoragePartsFixture {
    MaintenanceFixture() : StoragePartsFixture({.retention = 24h}) {}

    Maintainer& maintenance = parts.maintenance;
    const metrics::ServiceMetrics& counts = *parts.metrics;
};

}  // namespace

TEST_CASE_METHOD(MaintenanceFixture, "maintenance is due at once, and then once a minute") {
    CHECK(maintenance.ready_at() <= clock->steady_now());
    REQUIRE(maintenance.run());
    CHECK(maintenance.ready_at() == clock->steady_now() + 1min);
    maintenance.request();
    CHECK(maintenance.ready_at() <= clock->steady_now());
}

TEST_CASE_METHOD(MaintenanceFixture,
                 "maintenance continues at once while there is more to delete") {
    for (int i = 0; i < 250; ++i) {
        publish();
    }
    parts.writer.write_pending();
    delivery::Results ended;
    for (const EventId event : delivered()) {
        ended.append(attempt(subscription, event));
    }
    REQUIRE(parts.pending.record(1, std::move(ended)));
    parts.writer.write_pending();
    REQUIRE(parts.writer.write_low_water_mark());
    clock->advance(48h);
    int rounds = 0;
    do {
        REQUIRE(maintenance.run());
        ++rounds;
    } while (maintenance.ready_at() <= clock->steady_now() && rounds < 10);
    CHECK(rounds == 2);
}

TEST_CASE_METHOD(MaintenanceFixture, "maintenance that fails waits for its next time") {
    parts.break_next(Call::maintain);
    CHECK_FALSE(maintenance.run());
    CHECK(parts.health.is_blocked());
    CHECK(maintenance.ready_at() == clock->steady_now() + 1min);
}

TEST_CASE_METHOD(MaintenanceFixture, "storage is sampled every fifteen seconds") {
    maintenance.sample_if_due();
    maintenance.sample_if_due();
    CHECK(parts.storage->calls(Call::sample) == 1);
    clock->advance(15s);
    parts.break_next(Call::sample);
    maintenance.sample_if_due();
    CHECK(parts.storage->calls(Call::sample) == 2);
    // Nothing depends on it.
    CHECK_FALSE(parts.health.is_blocked());
}

}  // namespace webhooks::service
