#include <chrono>
#include <support/catch.hpp>
#include <webhooks/clock.hpp>

using namespace webhooks;

TEST_CASE("the system's clock is one object and returns the machine's time") {
    const auto clock = system_clock();
    REQUIRE(clock);
    CHECK(clock == system_clock());
    const auto before = std::chrono::system_clock::now();
    const Time now = clock->now();
    const auto after = std::chrono::system_clock::now();
    CHECK(now >= std::chrono::floor<Time::duration>(before));
    CHECK(now <= after);
    const SteadyTime steady = clock->steady_now();
    CHECK(clock->steady_now() >= steady);
    CHECK(steady <= std::chrono::steady_clock::now());
}
