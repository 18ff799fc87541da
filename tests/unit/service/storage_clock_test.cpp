#include <service/storage_clock.hpp>
#include <support/catch.hpp>
#include <webhooks/testing/manual_clock.hpp>

namespace webhooks::service {
namespace {

using namespace std::chrono_literals;

struct StorageClockFixture {
    std::shared_ptr<testing::ManualClock> clock = std::make_shared<testing::ManualClock>();
    StorageClock storage_clock{clock};
    const Time storage_time = Time{} + 1000h;
};

}  // namespace

TEST_CASE_METHOD(StorageClockFixture,
                 "storage's time follows the steady clock between heartbeats") {
    storage_clock.synchronize(storage_time, clock->steady_now());
    CHECK(storage_clock.now() == storage_time);
    clock->advance(3s);
    CHECK(storage_clock.now() == storage_time + 3s);
}

TEST_CASE_METHOD(StorageClockFixture, "a slow response within the bounds changes nothing") {
    storage_clock.synchronize(storage_time, clock->steady_now());
    const SteadyTime asked_at = clock->steady_now();
    clock->advance(4s);
    // Read at any moment of these four seconds.
    storage_clock.synchronize(storage_time + 1s, asked_at);
    CHECK(storage_clock.now() == storage_time + 4s);
}

TEST_CASE_METHOD(StorageClockFixture, "a response outside the bounds corrects storage's time") {
    storage_clock.synchronize(storage_time, clock->steady_now());
    const SteadyTime asked_at = clock->steady_now();
    clock->advance(4s);
    storage_clock.synchronize(storage_time + 1h, asked_at);
    CHECK(storage_clock.now() == storage_time + 1h);
    storage_clock.synchronize(storage_time, clock->steady_now());
    CHECK(storage_clock.now() == storage_time);
}

}  // namespace webhooks::service
